package dev.ninepin.p9;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A request to make {@code newfid} name the file that is reached from {@code fid} over {@code names}. Without names,
 * {@code newfid} becomes a copy of {@code fid}.
 *
 * <pre>size[4] Twalk tag[2] fid[4] newfid[4] nwname[2] nwname * wname[s]</pre>
 *
 * @param fid the fid to start from
 * @param newfid the fid for the end of the path; may be {@code fid} itself
 * @param names at most {@link #MAX_NAMES} names
 */
public record Twalk(int fid, int newfid, List<ByteString> names) implements Tmessage {
    /** The most names that one walk may take (MAXWELEM). */
    public static final int MAX_NAMES = 16;

    public Twalk {
        if (names.size() > MAX_NAMES) {
            throw new IllegalArgumentException("one walk takes at most " + MAX_NAMES + " names, not " + names.size());
        }
        names = List.copyOf(names);
    }

    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u32(newfid);
        out.u16(names.size());
        names.forEach(out::string);
    }

    static Twalk decode(final WireReader in) {
        final int fid = in.u32();
        final int newfid = in.u32();
        final int count = in.u16();
        if (count > MAX_NAMES) {
            in.markInvalid();
        }
        final List<ByteString> names = new ArrayList<>();
        for (int i = 0; i < count && !in.isOverrun(); i++) {
            names.add(in.string());
        }
        return new Twalk(fid, newfid, names);
    }

    @Override
    public int replySize() {
        return Math.max(Frame.sizeOf(new Rwalk(Collections.nCopies(names.size(), new Qid(0, 0, 0)))), Rlerror.SIZE);
    }
}
