package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A channel that breaks at a planned request, before the server receives it or before the client receives the answer.
 */
public final class CuttingChannel extends ForwardingChannel {
    private static final int NONE = -1;

    private final Cuts cuts;

    /** The tag of the request whose answer is not passed on. */
    private volatile int tagToCut = NONE;

    private volatile boolean isCut;

    public CuttingChannel(final Channel channel, final Cuts cuts) {
        super(channel);
        this.cuts = cuts;
    }

    @Override
    public void send(final int tag, final Tmessage request) throws IOException {
        final Cuts.Moment moment = cuts.take(request);
        if (moment == Cuts.Moment.BEFORE_ARRIVAL) {
            throw cut();
        } else if (moment == Cuts.Moment.BEFORE_ANSWER) {
            tagToCut = tag;
        }
        try {
            super.send(tag, request);
        } catch (final IOException e) {
            throw explained(e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            super.flush();
        } catch (final IOException e) {
            throw explained(e);
        }
    }

    @Override
    public boolean flush(final long nanos) throws IOException {
        try {
            return super.flush(nanos);
        } catch (final IOException e) {
            throw explained(e);
        }
    }

    @Override
    public Received receive() throws IOException {
        try {
            return passOn(super.receive());
        } catch (final IOException e) {
            throw explained(e);
        }
    }

    @Override
    public @Nullable Received receiveUntil(final long deadline) throws IOException {
        try {
            final Received received = super.receiveUntil(deadline);
            return received == null ? null : passOn(received);
        } catch (final IOException e) {
            throw explained(e);
        }
    }

    private Received passOn(final Received received) throws IOException {
        if (received.tag() == tagToCut) {
            received.close();
            throw cut();
        }
        return received;
    }

    private IOException cut() {
        isCut = true;
        close();
        return new IOException("cut by the test");
    }

    private IOException explained(final IOException failure) {
        return isCut ? new IOException("cut by the test", failure) : failure;
    }
}
