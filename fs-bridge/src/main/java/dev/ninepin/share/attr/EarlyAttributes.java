package dev.ninepin.share.attr;

import dev.ninepin.operations.Attributes;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.Inode;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request for the attributes of a known file that is sent while a walk looks for the file, so that both take one
 * round trip. The reply counts if the walk leads to the same file. Used by one thread.
 */
public final class EarlyAttributes {
    private static final Logger LOG = LoggerFactory.getLogger(EarlyAttributes.class);

    private final AttributeReader reader;
    private final @Nullable Request request;

    /** The reply; null until {@link #settle} has returned, and if there is none. */
    private @Nullable Rgetattr reply;

    /**
     * A request that was sent.
     *
     * @param lease the fid of the request; kept until the reply has arrived
     */
    record Request(Inode inode, Lease lease, Inode.Asked asked, Call<Rgetattr> call) {}

    /** @param request the request; null if none was sent */
    EarlyAttributes(final AttributeReader reader, final @Nullable Request request) {
        this.reader = reader;
        this.request = request;
    }

    /** Waits for the reply. A failure only means that {@link #read} sends a request of its own. */
    public void settle() {
        if (request == null) {
            return;
        }
        try (Lease lease = request.lease()) {
            reply = request.call().await();
        } catch (final IOException e) {
            LOG.trace(
                    "no attributes of node {} while it was looked up",
                    request.inode().node(),
                    e);
        }
    }

    /**
     * Records the reply and returns it. Empty if there is none, if it is about another file, or if no file can have such
     * attributes.
     */
    public Optional<Rgetattr> readIfAnswered() {
        if (request == null || reply == null) {
            return Optional.empty();
        }
        try {
            reader.recordReplyOverPath(request.inode(), reply, request.asked());
            return Optional.of(reply);
        } catch (final IOException e) {
            LOG.trace("no attributes of node {}", request.inode().node(), e);
            return Optional.empty();
        }
    }

    /**
     * Returns the attributes of the file that the walk led to: from the reply, if that is about this file, and
     * otherwise by {@link AttributeReader#readOverPath}.
     */
    public Attributes read(final Inode found) throws IOException {
        if (request == null
                || reply == null
                || request.inode() != found
                || !FileId.of(reply.qid()).equals(found.id())) {
            return reader.readOverPath(found);
        }
        return reader.recordReplyOverPath(found, reply, request.asked());
    }
}
