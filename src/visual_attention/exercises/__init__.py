"""What the exercises of each lesson check: one module per sheet, one object per exercise.

A sheet imports its module and asks it, always in the same form::

    from visual_attention.exercises import kernel_regression as exercise

    exercise.hand_example.check(weights=weights, f=f)

Every module lists its exercises in `ALL`, in the order of the sheet.
"""
