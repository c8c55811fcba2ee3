package dev.ninepin.session.fid;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Bystander;
import dev.ninepin.session.exchange.Call;
import java.util.List;

/**
 * The requests of a session that make and end fids. Only the fid table sends them, so that it knows every fid in use.
 * Each method sends its request and returns at once. Any thread.
 */
public interface FidRequests {
    /** Attaches a user to the tree of the session. */
    Call<Rattach> attach(int fid, int user);

    /** Makes {@code newfid} by walking from {@code fid}. */
    Call<Rwalk> walk(int fid, int newfid, List<ByteString> names);

    /** Opens an extended attribute as {@code newfid}. */
    Call<Rxattrwalk> xattrwalk(int fid, int newfid, ByteString name);

    /** Ends a fid. */
    Call<Rmessage> clunk(int fid);

    /** Ends a fid. The request is answered or given up within {@code patienceNanos} nanoseconds. */
    Call<Rmessage> clunk(int fid, long patienceNanos);

    /** Removes the file of a fid, and ends the fid even if that fails. */
    Call<Rmessage> remove(int fid);

    /** Starts a batch: until it is closed, the server is not notified of each request. */
    Batch batch();

    /** Makes some thread receive all replies at once until the result is closed, since the caller waits for effects. */
    Bystander receiveForBystander();

    /** Returns the largest message, in bytes. */
    int msize();

    /** Returns the server ID of the user who has attached. */
    int nUname();

    /** Returns how many nanoseconds a request may go unanswered. */
    long timeoutNanos();
}
