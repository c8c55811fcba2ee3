package dev.ninepin.p9;

import java.util.ArrayList;
import java.util.List;

/**
 * The reply to {@link Twalk}: the files along the path. If it has fewer qids than names, the walk stopped early and
 * {@code newfid} was not made.
 *
 * <pre>size[4] Rwalk tag[2] nwqid[2] nwqid * wqid[13]</pre>
 *
 * @param qids one qid for each name that was found
 */
public record Rwalk(List<Qid> qids) implements Rmessage {
    public Rwalk {
        qids = List.copyOf(qids);
    }

    @Override
    public void encode(final WireWriter out) {
        out.u16(qids.size());
        qids.forEach(qid -> qid.encode(out));
    }

    static Rwalk decode(final WireReader in) {
        final int count = in.u16();
        if (count > Twalk.MAX_NAMES) {
            in.markInvalid();
        }
        final List<Qid> qids = new ArrayList<>();
        for (int i = 0; i < count && !in.isOverrun(); i++) {
            qids.add(Qid.decode(in));
        }
        return new Rwalk(qids);
    }
}
