package dev.ninepin.share.file;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.share.cache.ExpectedFile;
import dev.ninepin.share.inode.OpenFile;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A comparison of open files with their unsynced changes, for fsync(2). Any thread may call any method. */
final class ReadBack {
    private static final Logger LOG = LoggerFactory.getLogger(ReadBack.class);

    private final Session session;

    ReadBack(final Session session) {
        this.session = session;
    }

    /**
     * Waits for the pending writes of a file, reads the file from the server, and returns whether it is as expected.
     * Returns false if the user may not read the file. If the connection ends meanwhile, begins again.
     */
    boolean isAsExpected(final OpenFile file, final ExpectedFile expected) throws IOException {
        file.inode().pending.await();
        try {
            return session.repeatIfLost(() -> file.useToRead(fid -> expected.isAt(new Server(fid))));
        } catch (final RemoteException e) {
            LOG.debug("node {} can't be compared", file.inode().node(), e);
            return false;
        }
    }

    private final class Server implements ExpectedFile.DataServer {
        private final int fid;

        Server(final int fid) {
            this.fid = fid;
        }

        @Override
        public ReadReply read(final long offset, final int count) throws IOException {
            return session.read(fid, offset, Math.min(count, session.maxIo())).await();
        }

        @Override
        public Rgetattr attributes() throws IOException {
            return session.getattr(fid, AttrMask.BASIC).await();
        }
    }
}
