package dev.ninepin.share.name;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Entry;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.Session;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.EarlyAttributes;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The lookup of one name ({@link ManyLookups} looks up many). Any thread may call any method. */
public final class NameLookup {
    private static final Logger LOG = LoggerFactory.getLogger(NameLookup.class);

    /** The maximum number of walks to a name that other clients keep giving to other files. */
    private static final int LOOKUP_TRIES = 8;

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FilePaths paths;
    private final AttributeReader attributes;
    private final Twins twins;

    public NameLookup(final UserView view, final AttributeReader attributes) {
        this.session = view.session();
        this.fids = view.fids();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.attributes = attributes;
        this.twins = new Twins(view);
    }

    /**
     * Looks a name up, and increments the inode's lookup count. Walks again if names in the directory changed during
     * the walk, since the result may be out of date.
     *
     * <p>Blocks until the server has answered. The kernel does not run a lookup and such a change at the same time,
     * except when it revalidates a cached name. If that fails, the kernel looks the name up again, and then excludes
     * changes.
     *
     * @throws StaleFileException if the name changes during every walk
     */
    public Entry lookup(final Inode directory, final ByteString name) throws IOException {
        return session.repeatIfLost(() -> lookUp(directory, name));
    }

    private Entry lookUp(final Inode directory, final ByteString name) throws IOException {
        for (int tries = 0; tries < LOOKUP_TRIES; tries++) {
            final long changes = inodes.changes(directory);
            // Both requests are under way together, so a known file is found in one round trip.
            final EarlyAttributes early = attributes.requestEarly(inodes.known(directory, name));
            final FidTable.Walked walked = walk(directory, name, early);
            final Identity identity = identify(directory, name, walked);
            if (identity.relation() == Identity.Relation.CHANGING && tries < LOOKUP_TRIES - 1) {
                fids.clunk(walked.fid());
                continue;
            }
            final Inode inode = inodes.recordFound(changes, directory, name, walked, identity)
                    .orElse(null);
            if (inode != null) {
                twins.report(identity, directory, name);
                try {
                    return entry(inode, early::read);
                } catch (final StaleFileException e) {
                    LOG.trace("{} became another file while it was looked up", name);
                }
            }
        }
        throw new StaleFileException(name + " was replaced during each of " + LOOKUP_TRIES + " lookups");
    }

    private FidTable.Walked walk(final Inode directory, final ByteString name, final EarlyAttributes early)
            throws IOException {
        try {
            return paths.walk(directory, name);
        } finally {
            early.settle();
        }
    }

    /** Compares a file as {@link Twins#identify} does, and clunks the walked fid if that fails. */
    private Identity identify(final Inode directory, final ByteString name, final FidTable.Walked walked)
            throws IOException {
        try {
            return twins.identify(directory, name, walked);
        } catch (final IOException | RuntimeException e) {
            fids.clunk(walked.fid());
            throw e;
        }
    }

    /** Reads a file's attributes in one of several ways. */
    @FunctionalInterface
    public interface Reading {
        Attributes read(Inode inode) throws IOException;
    }

    /**
     * Returns the entry of an inode whose lookup count was incremented. Decrements the count again if the attributes
     * can't be read.
     */
    Entry entry(final Inode inode, final Reading reading) throws IOException {
        try {
            return new Entry(inode.node(), reading.read(inode));
        } catch (final IOException | RuntimeException e) {
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }
}
