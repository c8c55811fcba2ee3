package dev.ninepin.p9;

/**
 * The reply of nfs-ganesha to a failed request. It has the type byte of 9P2000's Rerror and the body of an {@link
 * Rlerror}. In a 9P2000.L session, Linux treats both alike ({@code net/9p/client.c}, p9_check_errors).
 *
 * <pre>size[4] Rerror tag[2] ecode[4]</pre>
 *
 * @param ecode the errno, with its number on Linux
 */
public record Rerror(int ecode) implements Rmessage, ErrorReply {
    @Override
    public void encode(final WireWriter out) {
        out.u32(ecode);
    }

    static Rerror decode(final WireReader in) {
        return new Rerror(in.u32());
    }
}
