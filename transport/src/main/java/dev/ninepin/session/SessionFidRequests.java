package dev.ninepin.session;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Bystander;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.fid.FidRequests;
import java.util.List;

/** The requests of a {@link Session} that its fid table sends. Not methods of the session: no other class may send them. */
record SessionFidRequests(Session session) implements FidRequests {
    @Override
    public Call<Rattach> attach(final int fid, final int user) {
        return session.attach(fid, user);
    }

    @Override
    public Call<Rwalk> walk(final int fid, final int newfid, final List<ByteString> names) {
        return session.walk(fid, newfid, names);
    }

    @Override
    public Call<Rxattrwalk> xattrwalk(final int fid, final int newfid, final ByteString name) {
        return session.xattrwalk(fid, newfid, name);
    }

    @Override
    public Call<Rmessage> clunk(final int fid) {
        return session.clunk(fid);
    }

    @Override
    public Call<Rmessage> clunk(final int fid, final long patienceNanos) {
        return session.clunk(fid, patienceNanos);
    }

    @Override
    public Call<Rmessage> remove(final int fid) {
        return session.remove(fid);
    }

    @Override
    public Batch batch() {
        return session.batch();
    }

    @Override
    public Bystander receiveForBystander() {
        return session.receiveForBystander();
    }

    @Override
    public int msize() {
        return session.msize();
    }

    @Override
    public int nUname() {
        return session.userId();
    }

    @Override
    public long timeoutNanos() {
        return session.timeoutNanos();
    }
}
