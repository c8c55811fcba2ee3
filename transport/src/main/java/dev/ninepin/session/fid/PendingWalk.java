package dev.ninepin.session.fid;

import dev.ninepin.p9.Rwalk;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.fid.FidTable.Walked;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;

/** A walk over one name whose answer may be outstanding. Used by one thread, which must call {@link #await} once. */
public final class PendingWalk {
    private final Walks walks;
    private final Call<Rwalk> call;
    private final int fid;
    private final Walks.Start start;

    PendingWalk(final Walks walks, final Call<Rwalk> call, final int fid, final Walks.Start start) {
        this.walks = walks;
        this.call = call;
        this.fid = fid;
        this.start = start;
    }

    /** Waits like {@link #await}, but leaves the answer to it. Returns false if there is none in time. */
    public boolean awaitAnswer() throws InterruptedIOException {
        return call.awaitEnd(Long.MAX_VALUE);
    }

    /** Waits for the answer, and returns the fid, which the caller then owns. Empty if the server refused the walk. */
    public Optional<Walked> await() throws IOException {
        return walks.finish(call, fid, start);
    }
}
