"""Write the small videos of these tests: `python3 make_videos.py`, with the packages of requirements.txt.

Coded by x264 in PyAV's FFmpeg, which shares nothing with the decoder that is tested. Frame `n` is a ramp under a block of the
level 20 + 17 n, so that its number can be read off it. What is written is committed; write it again only to add a video.
"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FOLDER = Path(__file__).parent / "videos"
WIDTH, HEIGHT, FRAMES, RATE = 96, 80, 12, 25


def picture(number):
    grey = np.tile(np.linspace(30, 200, WIDTH).astype(np.uint8), (HEIGHT, 1))
    grey[16:64, 16:80] = 20 + 17 * number
    return grey


def frame(number, full_range):
    luma = picture(number)
    if not full_range:
        luma = np.round(luma * (219 / 255) + 16).astype(np.uint8)
    planes = np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
    made = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    made.color_range = 2 if full_range else 1
    made.pts, made.time_base = number, Fraction(1, RATE)
    return made


def write(name, *, codec="libx264", options, full_range=False, aspect=None, container=None, form=None):
    FOLDER.mkdir(exist_ok=True)
    with av.open(str(FOLDER / name), "w", format=form, options=container or {}) as output:
        stream = output.add_stream(codec, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.color_range = 2 if full_range else 1
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for number in range(FRAMES):
            output.mux(stream.encode(frame(number, full_range)))
        output.mux(stream.encode(None))


PLAIN = {"profile": "baseline", "crf": "18", "x264-params": "keyint=4:scenecut=0"}
REORDERED = {"profile": "high", "crf": "18", "bf": "2", "x264-params": "keyint=12:b-adapt=0:scenecut=0"}

write("baseline.mp4", options=PLAIN)
write("reordered.mp4", options=REORDERED)
write("full_range.mp4", options=PLAIN, full_range=True)
write("fragmented.mp4", options=PLAIN, container={"movflags": "frag_keyframe+empty_moov"})
write("not_square.mp4", options=PLAIN, aspect=Fraction(16, 11))
write("hevc.mp4", codec="libx265", options={"crf": "30", "x265-params": "log-level=none"})
write("baseline.h264", options=PLAIN, form="h264")
