package dev.ninepin.p9;

/**
 * It is gone.
 *
 * <pre>size[4] Rremove tag[2]</pre>
 */
public record Rremove() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rremove());

    @Override
    public void encode(final WireWriter out) {
        // The header is all.
    }

    static Rremove decode(final WireReader in) {
        return new Rremove();
    }
}
