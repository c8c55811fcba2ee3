package dev.ninepin.p9;

/**
 * A request to give up an earlier request. Once the reply has arrived, the flushed request's tag is free, whether or
 * not that request was answered.
 *
 * <pre>size[4] Tflush tag[2] oldtag[2]</pre>
 *
 * @param oldtag the tag of the request to give up
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
