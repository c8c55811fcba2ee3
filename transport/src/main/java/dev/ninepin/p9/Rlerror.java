package dev.ninepin.p9;

/**
 * The reply to any failed request.
 *
 * <pre>size[4] Rlerror tag[2] ecode[4]</pre>
 *
 * @param ecode the errno, with its number on Linux
 */
public record Rlerror(int ecode) implements Rmessage, ErrorReply {
    static final int SIZE = Frame.sizeOf(new Rlerror(0));

    @Override
    public void encode(final WireWriter out) {
        out.u32(ecode);
    }

    static Rlerror decode(final WireReader in) {
        return new Rlerror(in.u32());
    }
}
