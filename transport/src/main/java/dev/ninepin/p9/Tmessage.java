package dev.ninepin.p9;

/** A request. */
public sealed interface Tmessage extends Message
        permits Tstatfs,
                Tlopen,
                Tlcreate,
                Tsymlink,
                Tmknod,
                Trename,
                Treadlink,
                Tgetattr,
                Tsetattr,
                Txattrwalk,
                Txattrcreate,
                Treaddir,
                Tfsync,
                Tlock,
                Tgetlock,
                Tlink,
                Tmkdir,
                Trenameat,
                Tunlinkat,
                Tversion,
                Tauth,
                Tattach,
                Tflush,
                Twalk,
                Tread,
                Twrite,
                Tclunk,
                Tremove {
    /**
     * The most bytes that the reply, or an {@link ErrorReply} in its place, takes on the wire. A channel that posts the
     * reply's buffer with the request takes its size from here: a smaller one breaks a virtio-9p device for good.
     */
    int replySize();

    /** A header and {@code count}, unsigned, bytes of data; what no buffer can hold is refused. */
    static int withPayload(final int headerSize, final int count) {
        if (count < 0 || count > Integer.MAX_VALUE - headerSize) {
            throw new IllegalArgumentException("count " + Integer.toUnsignedString(count) + " is beyond any msize");
        }
        return headerSize + count;
    }
}
