package dev.ninepin.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rlcreate;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tlcreate;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twalk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** A 9P client over a bare channel, for tests below the session. Its single thread is both sender and reply reader. */
public final class RawClient {
    /** The fid of the root. */
    public static final int ROOT = 0;

    private final Channel channel;
    private final int msize;

    private RawClient(final Channel channel, final int msize) {
        this.channel = channel;
        this.msize = msize;
    }

    /** Negotiates the version and the largest possible msize, and attaches {@link #ROOT}. */
    public static RawClient attach(final Channel channel, final ByteString aname) throws IOException {
        final Tversion version = new Tversion(channel.maxMessageSize(), Tversion.VERSION_9P2000_L);
        final Rversion agreed =
                new RawClient(channel, channel.maxMessageSize()).call(Frame.NOTAG, version, Rversion.class);
        assertThat(agreed.version()).isEqualTo(Tversion.VERSION_9P2000_L);
        final RawClient client = new RawClient(channel, agreed.msize());
        client.call(0, new Tattach(ROOT, Tattach.NOFID, ByteString.EMPTY, aname, 0), Rattach.class);
        return client;
    }

    /** Returns the negotiated msize, in bytes. */
    public int msize() {
        return msize;
    }

    /** Sends a request and blocks until the next reply, which must answer it with the type {@code reply}. */
    public <R extends Rmessage> R call(final int tag, final Tmessage request, final Class<R> reply) throws IOException {
        channel.send(tag, request);
        channel.flush();
        try (Received received = channel.receive()) {
            assertThat(received.tag()).isEqualTo(tag);
            return reply.cast(decode(received));
        }
    }

    /** Makes {@code fid} a new file in the root, open for reading and writing. */
    public void create(final int fid, final String name) throws IOException {
        call(0, new Twalk(ROOT, fid, List.of()), Rwalk.class);
        call(0, new Tlcreate(fid, ByteString.of(name), OpenFlags.RDWR, 0644, 0), Rlcreate.class);
    }

    /** Makes {@code fid} a file in the root, open for reading. */
    public void open(final int fid, final String name) throws IOException {
        call(0, new Twalk(ROOT, fid, List.of(ByteString.of(name))), Rwalk.class);
        call(0, new Tlopen(fid, OpenFlags.RDONLY), Rlopen.class);
    }

    /** Decodes a copy of a reply. Fails unless the reply has the tag that {@code received} reports. */
    public static Rmessage decode(final Received received) {
        final ByteBuffer message = received.message();
        final ByteBuffer copy = ByteBuffer.allocate(message.remaining());
        copy.put(message.duplicate()).flip();
        try {
            final Frame frame = Frame.decode(copy);
            assertThat(frame.tag()).isEqualTo(received.tag());
            return (Rmessage) frame.message();
        } catch (final ProtocolException e) {
            throw new AssertionError(e);
        }
    }
}
