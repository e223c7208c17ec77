# Run by every Python that `courseware lab` starts (PYTHONSTARTUP), in the user's own namespace: it leaves none behind.
try:
    import courseware

    del courseware
except ImportError:  # a kernel of another environment
    pass
