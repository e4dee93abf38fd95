"""Ends well if GStreamer carries out a pipeline to its end, and with its reason if it does not.

usage: encode.py FILE, in which the pipeline stands. By the library that Neko itself uses: its images
have neither GStreamer's programs nor its bindings.
"""

import ctypes
import sys

SECONDS = 10
EOS, ERROR = 1 << 0, 1 << 1
NULL, PLAYING = 1, 4

gst = ctypes.CDLL("libgstreamer-1.0.so.0")
glib = ctypes.CDLL("libglib-2.0.so.0")


class Error(ctypes.Structure):
    _fields_ = [("domain", ctypes.c_uint32), ("code", ctypes.c_int), ("message", ctypes.c_char_p)]


class MiniObject(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_size_t),
        ("references", ctypes.c_int),
        ("lock", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("copy", ctypes.c_void_p),
        ("dispose", ctypes.c_void_p),
        ("free", ctypes.c_void_p),
        ("count", ctypes.c_uint),
        ("data", ctypes.c_void_p),
    ]


class Message(ctypes.Structure):
    _fields_ = [("object", MiniObject), ("kind", ctypes.c_uint)]


def fail(why):
    print(why, file=sys.stderr)
    sys.exit(1)


def reason(error):
    return error.contents.message.decode(errors="replace") if error else "it gives no reason"


gst.gst_parse_launch.restype = ctypes.c_void_p
gst.gst_parse_launch.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.POINTER(Error))]
gst.gst_element_get_bus.restype = ctypes.c_void_p
gst.gst_element_get_bus.argtypes = [ctypes.c_void_p]
gst.gst_element_set_state.argtypes = [ctypes.c_void_p, ctypes.c_int]
gst.gst_bus_timed_pop_filtered.restype = ctypes.POINTER(Message)
gst.gst_bus_timed_pop_filtered.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int]
gst.gst_message_parse_error.argtypes = [
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.POINTER(Error)),
    ctypes.c_void_p,
]

with open(sys.argv[1], encoding="utf-8") as file:
    description = file.read()
error = ctypes.POINTER(Error)()
if not gst.gst_init_check(None, None, ctypes.byref(error)):
    fail(reason(error))
pipeline = gst.gst_parse_launch(description.encode(), ctypes.byref(error))
if not pipeline or error:
    fail(reason(error))
bus = gst.gst_element_get_bus(pipeline)
gst.gst_element_set_state(pipeline, PLAYING)
message = gst.gst_bus_timed_pop_filtered(bus, SECONDS * 1_000_000_000, EOS | ERROR)
if not message:
    fail("it comes to no end")
if message.contents.kind == ERROR:
    gst.gst_message_parse_error(message, ctypes.byref(error), None)
    fail(reason(error))
gst.gst_element_set_state(pipeline, NULL)
