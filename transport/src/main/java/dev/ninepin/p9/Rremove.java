package dev.ninepin.p9;

/**
 * The reply to {@link Tremove}: the file is removed and the fid is free.
 *
 * <pre>size[4] Rremove tag[2]</pre>
 */
public record Rremove() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rremove());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rremove decode(final WireReader in) {
        return new Rremove();
    }
}
