"""Models as graphs of ONNX, for programs without torch and for faster prediction on processors."""
