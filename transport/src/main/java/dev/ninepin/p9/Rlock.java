package dev.ninepin.p9;

/**
 * The reply to {@link Tlock}.
 *
 * <pre>size[4] Rlock tag[2] status[1]</pre>
 *
 * @param status a {@link LockStatus}
 */
public record Rlock(int status) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rlock(0));

    @Override
    public void encode(final WireWriter out) {
        out.u8(status);
    }

    static Rlock decode(final WireReader in) {
        return new Rlock(in.u8());
    }
}
