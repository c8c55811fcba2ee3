package dev.ninepin.share.file;

import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Twrite;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server that can keep its answers to Twrite, until the first request after {@link #release}. */
final class HoldingServer implements AnsweringChannel.Server {
    private final LyingServer model = new LyingServer();
    private final List<Tmessage> requests = new CopyOnWriteArrayList<>();
    private final List<ByteBuffer> held = new ArrayList<>();

    /** The fids that were opened with APPEND. */
    private final Set<Integer> appending = new HashSet<>();

    private boolean holds;

    /** How many bytes of a request are written. */
    private int most = Integer.MAX_VALUE;

    @Override
    public synchronized List<ByteBuffer> answer(final int tag, final Tmessage request) {
        requests.add(request);
        if (request instanceof Tlopen open && (open.flags() & OpenFlags.APPEND) != 0) {
            appending.add(open.fid());
        }
        final List<ByteBuffer> answers = model.answer(tag, request);
        if (request instanceof Twrite && holds) {
            held.addAll(answers);
            return List.of();
        }
        final List<ByteBuffer> all = new ArrayList<>();
        if (!holds) {
            all.addAll(held);
            held.clear();
        }
        all.addAll(answers);
        return all;
    }

    synchronized void hold() {
        holds = true;
    }

    synchronized void release() {
        holds = false;
    }

    /** Writes at most {@code bytes} of each further request. */
    synchronized void writeAtMost(final int bytes) {
        most = bytes;
        model.lie(
                Twrite.class,
                (request, truth) ->
                        new Rwrite(Math.min(bytes, ((Twrite) request).data().remaining())));
    }

    LyingServer model() {
        return model;
    }

    /** Returns the requests so far, which a test may clear. */
    List<Tmessage> requests() {
        return requests;
    }

    long count(final Class<? extends Tmessage> kind) {
        return requests.stream().filter(kind::isInstance).count();
    }

    List<Twrite> writes() {
        return requests.stream()
                .filter(Twrite.class::isInstance)
                .map(Twrite.class::cast)
                .toList();
    }

    /** Returns what an empty file contains after the writes so far. */
    synchronized byte[] written() {
        byte[] content = new byte[0];
        for (final Twrite write : writes()) {
            final ByteBuffer data = write.data().duplicate();
            final int from = appending.contains(write.fid()) ? content.length : (int) write.offset();
            final int count = Math.min(most, data.remaining());
            content = Arrays.copyOf(content, Math.max(content.length, from + count));
            data.get(content, from, count);
        }
        return content;
    }
}
