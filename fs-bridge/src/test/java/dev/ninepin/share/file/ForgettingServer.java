package dev.ninepin.share.file;

import static dev.ninepin.testing.LyingServer.S_IFREG;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rfsync;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.SetattrMask;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twrite;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * A server with one file. When its host crashes, unsynced changes are lost. A change here is a write, or a new size. Any
 * thread may call any method.
 */
final class ForgettingServer implements AnsweringChannel.Server {
    private final LyingServer model = new LyingServer();
    private final Qid qid;
    private final List<Tmessage> requests = new ArrayList<>();
    private final List<ByteBuffer> held = new ArrayList<>();
    private final Set<Integer> appending = new HashSet<>();

    /** The contents of the host's disk. */
    private byte[] synced;

    private final List<UnaryOperator<byte[]>> unsynced = new ArrayList<>();
    private byte[] content;

    /** The numbers of the unsynced changes that the next crash keeps. The crash happens before the next connection. */
    private Predicate<Integer> kept = number -> true;

    private int mode = S_IFREG | 0644;
    private boolean holdsReads;

    ForgettingServer(final ByteString name, final byte... content) {
        this.qid = model.put(name.toString(), mode, content);
        this.synced = content;
        this.content = content;
        model.lie(Tversion.class, (request, truth) -> restart(truth));
        model.lie(Tlopen.class, (request, truth) -> open((Tlopen) request, truth));
        model.lie(Twrite.class, (request, truth) -> write((Twrite) request));
        model.lie(Tread.class, (request, truth) -> read((Tread) request));
        model.lie(Tsetattr.class, (request, truth) -> set((Tsetattr) request, truth));
        model.lie(Tgetattr.class, (request, truth) -> attributes(truth));
        model.lie(Tfsync.class, (request, truth) -> sync());
    }

    @Override
    public synchronized List<ByteBuffer> answer(final int tag, final Tmessage request) {
        requests.add(request);
        final List<ByteBuffer> answers = model.answer(tag, request);
        if (request instanceof Tread && holdsReads) {
            held.addAll(answers);
            return List.of();
        }
        final List<ByteBuffer> all = new ArrayList<>();
        if (!holdsReads) {
            all.addAll(held);
            held.clear();
        }
        all.addAll(answers);
        return all;
    }

    private Message restart(final Message truth) {
        appending.clear();
        byte[] left = synced;
        final List<UnaryOperator<byte[]>> changes = List.copyOf(unsynced);
        unsynced.clear();
        for (int i = 0; i < changes.size(); i++) {
            if (kept.test(i)) {
                left = changes.get(i).apply(left);
                unsynced.add(changes.get(i));
            }
        }
        content = left;
        kept = number -> true;
        return truth;
    }

    private Message open(final Tlopen request, final Message truth) {
        if ((request.flags() & OpenFlags.APPEND) != 0) {
            appending.add(request.fid());
        }
        return truth;
    }

    private Message write(final Twrite request) {
        final byte[] bytes = new byte[request.data().remaining()];
        request.data().duplicate().get(bytes);
        final int offset = appending.contains(request.fid()) ? content.length : (int) request.offset();
        change(before -> {
            final byte[] after = Arrays.copyOf(before, Math.max(before.length, offset + bytes.length));
            System.arraycopy(bytes, 0, after, offset, bytes.length);
            return after;
        });
        return new Rwrite(bytes.length);
    }

    private Message read(final Tread request) {
        final int from = (int) Math.min(request.offset(), content.length);
        final byte[] bytes = Arrays.copyOfRange(content, from, Math.min(content.length, from + request.count()));
        return new Rread(ByteBuffer.wrap(bytes));
    }

    private Message set(final Tsetattr request, final Message truth) {
        if ((request.valid() & SetattrMask.SIZE) != 0) {
            change(before -> Arrays.copyOf(before, (int) request.size()));
        }
        if ((request.valid() & SetattrMask.MODE) != 0) {
            mode = S_IFREG | request.mode();
        }
        return truth;
    }

    private Message attributes(final Message truth) {
        return truth instanceof Rgetattr reply && reply.qid().equals(qid)
                ? LyingServer.attributes(qid, mode, content.length, 1, 4096)
                : truth;
    }

    private Message sync() {
        synced = content;
        unsynced.clear();
        return new Rfsync();
    }

    private void change(final UnaryOperator<byte[]> change) {
        unsynced.add(change);
        content = change.apply(content);
    }

    /** Changes the content, as another client does. */
    synchronized void put(final byte... bytes) {
        change(before -> bytes);
    }

    /** Loses the mode that was set. */
    synchronized void loseMode() {
        mode = S_IFREG | 0644;
    }

    /**
     * Plans a crash before the next connection.
     *
     * @param keeps whether an unsynced change is kept, by its number
     */
    synchronized void crash(final Predicate<Integer> keeps) {
        kept = keeps;
    }

    /** Returns how many changes are not synced. */
    synchronized int unsynced() {
        return unsynced.size();
    }

    /** Holds the answers to reads until the next request after {@link #releaseReads}. */
    synchronized void holdReads() {
        holdsReads = true;
    }

    synchronized void releaseReads() {
        holdsReads = false;
    }

    synchronized byte[] content() {
        return content.clone();
    }

    /** Returns the contents that a crash cannot undo. */
    synchronized byte[] synced() {
        return synced.clone();
    }

    synchronized long count(final Class<? extends Tmessage> kind) {
        return requests.stream().filter(kind::isInstance).count();
    }
}
