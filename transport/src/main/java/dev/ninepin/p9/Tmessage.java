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
     * Returns the largest encoded size of the reply, or of an {@link ErrorReply} in its place, in bytes. A channel that
     * posts the reply's buffer with the request allocates this size. A smaller buffer would break a virtio-9p device
     * permanently.
     */
    int replySize();

    /**
     * Returns the size of a header and {@code count} bytes of data. {@code count} is unsigned.
     *
     * @throws IllegalArgumentException if no buffer can hold this size
     */
    static int withPayload(final int headerSize, final int count) {
        if (count < 0 || count > Integer.MAX_VALUE - headerSize) {
            throw new IllegalArgumentException("count " + Integer.toUnsignedString(count) + " is beyond any msize");
        }
        return headerSize + count;
    }
}
