package dev.ninepin.share;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlcreate;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rreaddir;
import dev.ninepin.p9.Rreadlink;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** A server that sends the true replies, or instead of them, or before them, whatever a fuzzer's data say. */
final class FuzzedAnswers implements AnsweringChannel.Server {
    private static final int MOST_ENTRIES = 20;

    private final LyingServer truth;
    private final FuzzedDataProvider data;
    private final AtomicBoolean honest;

    FuzzedAnswers(final LyingServer truth, final FuzzedDataProvider data, final AtomicBoolean honest) {
        this.truth = truth;
        this.data = data;
        this.honest = honest;
    }

    /** Returns a name with one byte for each character of {@code text}. */
    static ByteString name(final String text) {
        return ByteString.copyOf(text.getBytes(ISO_8859_1));
    }

    @Override
    public List<ByteBuffer> answer(final int tag, final Tmessage request) {
        final Message answer = truth.answer(request);
        if (honest.get() || data.remainingBytes() == 0) {
            return List.of(AnsweringChannel.bytes(tag, answer));
        }
        final List<ByteBuffer> all = new ArrayList<>();
        switch (data.consumeInt(0, 15)) {
            case 0, 1, 2, 3, 4, 5, 6 -> all.add(AnsweringChannel.bytes(tag, lie(answer)));
            case 7 -> all.add(AnsweringChannel.bytes(tag, new Rlerror(data.consumeInt())));
            case 8 -> {
                // A reply of the wrong type, one with another request's tag, and then the right reply.
                all.add(AnsweringChannel.bytes(tag, answer instanceof Rclunk ? new Rlopen(qid(), 0) : new Rclunk()));
                all.add(AnsweringChannel.bytes(data.consumeInt(0, 0xffff) | 0x100, answer));
                all.add(AnsweringChannel.bytes(tag, answer));
            }
            case 9 -> {
                if (data.consumeInt(0, 15) == 0) {
                    final byte[] bytes = data.consumeBytes(100);
                    all.add(ByteBuffer.allocateDirect(bytes.length + 1)
                            .put(bytes)
                            .put((byte) 0)
                            .flip());
                }
                all.add(AnsweringChannel.bytes(tag, answer));
            }
            default -> all.add(AnsweringChannel.bytes(tag, answer));
        }
        return all;
    }

    /** Returns a reply of the same type with other contents. */
    private Message lie(final Message answer) {
        if (answer instanceof Rwalk walk) {
            return new Rwalk(Collections.nCopies(data.consumeInt(0, walk.qids().size()), qid()));
        } else if (answer instanceof Rgetattr is) {
            return attributes(is);
        } else if (answer instanceof Rlopen) {
            return new Rlopen(qid(), data.consumeInt());
        } else if (answer instanceof Rlcreate) {
            return new Rlcreate(qid(), data.consumeInt());
        } else if (answer instanceof Rread) {
            return new Rread(ByteBuffer.wrap(new byte[data.consumeInt(0, 5000)]));
        } else if (answer instanceof Rwrite) {
            return new Rwrite(data.consumeInt(0, 5000));
        } else if (answer instanceof Rreaddir) {
            return entries();
        } else if (answer instanceof Rreadlink) {
            return new Rreadlink(text());
        } else if (answer instanceof Rxattrwalk) {
            return new Rxattrwalk(data.consumeBoolean() ? data.consumeLong() : data.consumeInt(0, 5000));
        }
        return answer;
    }

    private Rgetattr attributes(final Rgetattr is) {
        final boolean another = data.consumeBoolean();
        return new Rgetattr(
                data.consumeLong(),
                another ? qid() : is.qid(),
                data.consumeBoolean() ? is.mode() : data.consumeInt(),
                data.consumeInt(),
                data.consumeInt(),
                data.consumeLong(),
                data.consumeLong(),
                data.consumeLong(),
                data.consumeLong(),
                data.consumeLong(),
                data.consumeLong(),
                data.consumeLong(),
                data.consumeLong(),
                data.consumeLong(),
                0,
                0,
                0,
                0,
                0,
                0);
    }

    private Rreaddir entries() {
        final List<Dirent> entries = new ArrayList<>();
        while (entries.size() < MOST_ENTRIES && data.consumeBoolean()) {
            entries.add(new Dirent(qid(), data.consumeInt(-1, 5), data.consumeInt(0, 255), text()));
        }
        return LyingServer.page(4000, entries);
    }

    private ByteString text() {
        return ByteString.copyOf(data.consumeBytes(data.consumeInt(0, 300)));
    }

    /** Returns a qid from a small range, so that it is often another file's. */
    private Qid qid() {
        return new Qid(data.consumeBoolean() ? Qid.DIR : data.consumeInt(0, 3), 0, data.consumeInt(0, 8));
    }
}
