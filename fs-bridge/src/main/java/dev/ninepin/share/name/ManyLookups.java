package dev.ninepin.share.name;

import dev.ninepin.operations.Entry;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lookup of many names of a directory in two round trips: all walks are sent together, and then all requests for
 * attributes. A name for which that is not enough is left to an ordinary lookup. Any thread may call any method.
 */
public final class ManyLookups {
    /** More concurrent requests bring no further gain. */
    private static final int MOST_AT_ONCE = 64;

    private static final Logger LOG = LoggerFactory.getLogger(ManyLookups.class);

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FilePaths paths;
    private final AttributeReader attributes;
    private final Twins twins;

    /**
     * The number of lookups that are sent together: at most half of the session's tags, so that other requests find
     * some.
     */
    private final int atOnce;

    public ManyLookups(final UserView view, final AttributeReader attributes) {
        this.session = view.session();
        this.fids = view.fids();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.attributes = attributes;
        this.twins = new Twins(view);
        this.atOnce = Math.max(1, Math.min(session.maxRequests() / 2, MOST_AT_ONCE));
    }

    /**
     * Looks up names, and increments the lookup counts of the inodes found. Blocks until the server has answered.
     *
     * @return the entries in the order of the names. Empty for a name that the server refused, whose file has just
     *     changed, or whose file might be one of {@link Twins}; an ordinary lookup finds out
     */
    public List<Optional<Entry>> find(final Inode directory, final List<ByteString> names) throws IOException {
        return session.repeatIfLost(() -> lookUp(directory, names));
    }

    private List<Optional<Entry>> lookUp(final Inode directory, final List<ByteString> names) throws IOException {
        final List<Optional<Entry>> found = new ArrayList<>(names.size());
        try {
            for (int done = 0; done < names.size(); done += atOnce) {
                findGroup(directory, names.subList(done, Math.min(done + atOnce, names.size())), found);
            }
        } catch (final IOException | RuntimeException e) {
            found.forEach(each -> each.ifPresent(entry -> inodes.forget(entry.node(), 1)));
            throw e;
        }
        return found;
    }

    private void findGroup(final Inode directory, final List<ByteString> names, final List<Optional<Entry>> found)
            throws IOException {
        final long changes = inodes.changes(directory);
        final List<Optional<FidTable.Walked>> walked;
        try {
            walked = paths.walkEach(directory, names);
        } catch (final StaleFileException | RemoteException e) {
            // Another client has renamed or replaced the directory. Its listing goes on all the same.
            LOG.trace("no look-ups of {} names", names.size(), e);
            names.forEach(name -> found.add(Optional.empty()));
            return;
        }
        final List<Inode.Asked> asked = new ArrayList<>(names.size());
        final List<@Nullable Rgetattr> seen;
        try {
            for (final ByteString name : names) {
                asked.add(attributes.beginRequest(inodes.known(directory, name)));
            }
            seen = attributes(walked);
        } catch (final IOException | RuntimeException e) {
            walked.forEach(each -> each.ifPresent(file -> fids.clunk(file.fid())));
            throw e;
        }
        int done = 0;
        try {
            for (final ByteString name : names) {
                final Optional<Identity> identity = identify(directory, name, walked.get(done), seen.get(done));
                found.add(
                        identity.isEmpty()
                                ? Optional.empty()
                                : entry(
                                        inodes.recordFound(
                                                changes,
                                                directory,
                                                name,
                                                walked.get(done).orElseThrow(),
                                                identity.get()),
                                        Objects.requireNonNull(seen.get(done)),
                                        asked.get(done)));
                if (identity.isEmpty()) {
                    walked.get(done).ifPresent(each -> fids.clunk(each.fid()));
                }
                done++;
            }
        } catch (final IOException | RuntimeException e) {
            walked.subList(done, walked.size()).forEach(each -> each.ifPresent(file -> fids.clunk(file.fid())));
            throw e;
        }
    }

    private Optional<Identity> identify(
            final Inode directory,
            final ByteString name,
            final Optional<FidTable.Walked> walked,
            final @Nullable Rgetattr seen)
            throws IOException {
        if (walked.isEmpty() || seen == null) {
            return Optional.empty();
        }
        try {
            final Optional<Identity> identity = twins.identifyAtOnce(directory, name, walked.get(), seen);
            identity.ifPresent(each -> twins.report(each, directory, name));
            return identity;
        } catch (final StaleFileException e) {
            LOG.trace("others are just moving {}", name, e);
            return Optional.empty();
        }
    }

    /** Returns the attributes of the files that the walks found; null where the server sent none. */
    private List<@Nullable Rgetattr> attributes(final List<Optional<FidTable.Walked>> walked) throws IOException {
        final List<Optional<Call<Rgetattr>>> calls = new ArrayList<>(walked.size());
        try (Batch batch = session.batch()) {
            walked.forEach(each -> calls.add(each.map(file -> session.getattr(file.fid(), AttrMask.BASIC))));
        }
        final List<@Nullable Rgetattr> seen = new ArrayList<>(walked.size());
        IOException failure = null;
        for (final Optional<Call<Rgetattr>> call : calls) {
            Rgetattr reply = null;
            try {
                reply = call.isPresent() ? call.get().await() : null;
            } catch (final RemoteException e) {
                LOG.trace("no attributes", e);
            } catch (final IOException e) {
                failure = e;
            }
            seen.add(reply);
        }
        if (failure != null) {
            throw failure;
        }
        return seen;
    }

    private Optional<Entry> entry(final Optional<Inode> found, final Rgetattr reply, final Inode.Asked asked) {
        final Inode inode = found.orElse(null);
        if (inode == null) {
            return Optional.empty();
        }
        if (inode.pages.changes() != asked.changes()) {
            // Changed meanwhile, or found under another name than the known ones, so that its writes were not waited
            // for.
            inodes.forget(inode.node(), 1);
            return Optional.empty();
        }
        try {
            return Optional.of(new Entry(inode.node(), attributes.recordReply(inode, reply, asked)));
        } catch (final StaleFileException | ErrnoException e) {
            LOG.trace("node {} became another file while it was looked up, or is none", inode.node(), e);
            inodes.forget(inode.node(), 1);
            return Optional.empty();
        }
    }
}
