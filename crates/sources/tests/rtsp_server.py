"""An RTSP device whose pictures FFmpeg codes and puts into packets: `python3 rtsp_server.py PORT`.

What is independent here is the stream, fragments of large pictures among it; the few answers of RTSP are this file's own. FFmpeg
sends RTP to a socket of this process, which hands each packet on over the connection that plays. Frame `n` is noise, which
makes it large, under a block of the level 20 + 17 (n mod 12).
"""

import re
import socket
import struct
import sys
from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT, RATE = 640, 480, 25
ANSWERS = {
    "OPTIONS": ("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN", ""),
    "DESCRIBE": (
        "Content-Type: application/sdp",
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
        "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n",
    ),
    "SETUP": ("Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1", ""),
    "PLAY": ("Session: 1", ""),
}


def answer(connection):
    """Answers until the session plays; false where the connection ends before."""
    heard = b""
    while True:
        while b"\r\n\r\n" not in heard:
            more = connection.recv(4096)
            if not more:
                return False
            heard += more
        request, _, heard = heard.partition(b"\r\n\r\n")
        method = request.split(b" ", 1)[0].decode()
        number = re.search(rb"CSeq: (\d+)", request)[1].decode()
        headers, body = ANSWERS[method]
        text = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nContent-Length: {len(body)}\r\n{headers}\r\n\r\n{body}"
        connection.sendall(text.encode())
        if method == "PLAY":
            return True


def picture(number, noise):
    grey = noise.copy()
    grey[120:360, 160:480] = 20 + 17 * (number % 12)
    luma = np.round(grey * (219 / 255) + 16).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(
        np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)]), format="yuv420p"
    )
    frame.pts, frame.time_base = number, Fraction(1, RATE)
    return frame


def play(connection):
    received = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    received.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    received.bind(("127.0.0.1", 0))
    received.settimeout(0.02)
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH)).astype(np.float64)
    output = av.open(f"rtp://127.0.0.1:{received.getsockname()[1]}?pkt_size=1400", "w", format="rtp")
    options = {"profile": "main", "preset": "ultrafast", "tune": "zerolatency", "crf": "20"}
    options["x264-params"] = "keyint=12:scenecut=0:repeat-headers=1"
    stream = output.add_stream("libx264", rate=RATE, options=options)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    number = 0
    while True:
        output.mux(stream.encode(picture(number, noise)))
        number += 1
        while True:
            try:
                packet = received.recv(2048)
            except TimeoutError:
                break
            if packet[1] & 0x7F == 96:
                connection.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                if answer(connection):
                    play(connection)
            except OSError:
                pass


main()
