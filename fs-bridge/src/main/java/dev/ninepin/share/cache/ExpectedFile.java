package dev.ninepin.share.cache;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.SetattrMask;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.session.exchange.ReadReply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The expected state of a file or directory on the server if no change of a series was lost. Unknown after a change
 * that cannot be verified. Not thread-safe.
 */
public final class ExpectedFile {
    /** The most names that are compared. Each name takes a request. */
    static final int MOST_NAMES = 1000;

    /** The memory of an object without ranges and names, and of a name. */
    private static final int OWN_BYTES = 150;

    private static final int NAME_BYTES = 150;

    private static final int MODE_BITS = 07777;

    /** The attributes that are compared. */
    private static final int COMPARED = SetattrMask.MODE | SetattrMask.UID | SetattrMask.GID | SetattrMask.SIZE;

    private final int connection;
    private final WrittenRanges data = new WrittenRanges();

    /** The latest changes of attributes; {@link #changed} says which. */
    private int mode;

    private int uid;
    private int gid;

    /** Bits of {@link SetattrMask}: the attributes that were changed, except the size. */
    private int changed;

    /** The changed names in a directory, each with the file that it leads to; empty if the name was removed. */
    private Map<ByteString, Optional<Qid>> names = Map.of();

    /** @param connection the number of the connection of the first change */
    ExpectedFile(final int connection) {
        this.connection = connection;
    }

    /** The file on the server. Methods block until the server has answered. */
    public interface Server {
        Rgetattr attributes() throws IOException;
    }

    /** A file with data. */
    public interface DataServer extends Server {
        /** Reads at most {@code count} bytes. The caller closes the reply. */
        ReadReply read(long offset, int count) throws IOException;
    }

    /** A directory. */
    public interface DirectoryServer extends Server {
        /** Returns the file that a name leads to; empty if there is none. */
        Optional<Qid> find(ByteString name) throws IOException;
    }

    int connection() {
        return connection;
    }

    /** Records that the remaining bytes of {@code bytes} were written. */
    public void write(final long offset, final ByteBuffer bytes) {
        data.write(offset, bytes);
    }

    /** Records a change of attributes. The file's times cannot be verified, since other changes set them. */
    public void set(final Tsetattr change) {
        if ((change.valid() & ~COMPARED) != 0) {
            forget();
        }
        if ((change.valid() & SetattrMask.SIZE) != 0) {
            data.truncate(change.size());
        }
        set(change.valid() & COMPARED & ~SetattrMask.SIZE, change.mode(), change.uid(), change.gid());
    }

    private void set(final int valid, final int newMode, final int newUid, final int newGid) {
        mode = (valid & SetattrMask.MODE) == 0 ? mode : newMode;
        uid = (valid & SetattrMask.UID) == 0 ? uid : newUid;
        gid = (valid & SetattrMask.GID) == 0 ? gid : newGid;
        changed |= valid;
    }

    /**
     * Records a change of a name in this directory.
     *
     * @param file the file that the name leads to; empty if the name was removed
     */
    public void setName(final ByteString name, final Optional<Qid> file) {
        if (!data.isKnown()) {
            return;
        }
        if (names.isEmpty()) {
            names = new HashMap<>();
        }
        names.put(name, file);
        if (names.size() > MOST_NAMES) {
            forget();
        }
    }

    /** Records a change that cannot be verified. */
    public void forget() {
        data.forget();
        names = Map.of();
    }

    /** Returns the approximate memory of this object, in bytes. */
    int memory() {
        return OWN_BYTES + data.memory() + names.size() * NAME_BYTES;
    }

    /** Adds the changes of a later series. */
    void add(final ExpectedFile later) {
        data.add(later.data);
        later.names.forEach(this::setName);
        set(later.changed, later.mode, later.uid, later.gid);
    }

    /** Compares the file with the server's. Returns false if they differ, or if this is unknown. */
    public boolean isAt(final DataServer server) throws IOException {
        return data.isKnown() && hasAttributes(server) && data.isAt(server);
    }

    /** Compares the directory with the server's. Returns false if they differ, or if this is unknown. */
    public boolean isAt(final DirectoryServer server) throws IOException {
        if (!data.isKnown() || !hasAttributes(server)) {
            return false;
        }
        for (final Map.Entry<ByteString, Optional<Qid>> each : names.entrySet()) {
            if (!isSame(each.getValue(), server.find(each.getKey()))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSame(final Optional<Qid> file, final Optional<Qid> found) {
        return file.isPresent()
                ? found.filter(qid -> qid.path() == file.get().path()
                                && qid.type() == file.get().type())
                        .isPresent()
                : found.isEmpty();
    }

    private boolean hasAttributes(final Server server) throws IOException {
        if (changed == 0 && !data.hasSize()) {
            return true;
        }
        final Rgetattr now = server.attributes();
        return ((changed & SetattrMask.MODE) == 0 || ((mode ^ now.mode()) & MODE_BITS) == 0)
                && ((changed & SetattrMask.UID) == 0 || uid == now.uid())
                && ((changed & SetattrMask.GID) == 0 || gid == now.gid())
                && data.hasSize(now.size());
    }
}
