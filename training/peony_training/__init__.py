"""Training of Peony's models: public ultrasound stills in, an ONNX file and its card out."""
