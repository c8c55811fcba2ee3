package dev.ninepin.p9;

/**
 * Asks that a request be given up. When the reply has come, the flushed request's tag is free again, answered or not.
 *
 * <pre>size[4] Tflush tag[2] oldtag[2]</pre>
 *
 * @param oldtag the tag of the request
 */
public record Tflush(int oldtag) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u16(oldtag);
    }

    static Tflush decode(final WireReader in) {
        return new Tflush(in.u16());
    }

    @Override
    public int replySize() {
        return Math.max(Rflush.SIZE, Rlerror.SIZE);
    }
}
