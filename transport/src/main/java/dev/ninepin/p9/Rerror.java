package dev.ninepin.p9;

/**
 * The reply to a request that failed, as nfs-ganesha sends it: the type byte of 9P2000's Rerror with the body of an {@link
 * Rlerror}. In a session of 9P2000.L, Linux takes one for the other ({@code net/9p/client.c}, p9_check_errors).
 *
 * <pre>size[4] Rerror tag[2] ecode[4]</pre>
 *
 * @param ecode the errno, by its number on Linux
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
