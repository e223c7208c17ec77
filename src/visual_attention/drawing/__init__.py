from visual_attention.drawing.attention import show_attention

__all__ = ["show_attention"]
