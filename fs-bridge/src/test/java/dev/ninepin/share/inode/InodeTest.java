package dev.ninepin.share.inode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import org.junit.jupiter.api.Test;

/** Tests of attribute replies that arrive in a different order from their requests. */
class InodeTest {
    private static final Qid QID = new Qid(Qid.FILE, 0, 7);
    private static final int REGULAR = 0100644;

    private static final OpenFile.Opener NO_OPENER = new OpenFile.Opener() {
        @Override
        public OpenFile.Opened open(final Inode inode, final int flags, final boolean again) {
            throw new AssertionError("nothing is to be opened");
        }

        @Override
        public Rgetattr attributes(final int fid) {
            throw new AssertionError("a fid is looked at");
        }

        @Override
        public boolean isLost(final int fid) {
            return false;
        }

        @Override
        public void regainLocks(final Inode inode) {}

        @Override
        public void clunk(final int fid) {
            throw new AssertionError("a fid is clunked");
        }
    };

    private final Inode inode = new Inode(2, QID, null, false);

    private static Rgetattr ofSize(final long size) {
        return new Rgetattr(AttrMask.BASIC, QID, REGULAR, 0, 0, 1, 0, size, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    private Inode.Asked asked(final long order) {
        return new Inode.Asked(order, inode.pages.changes(), inode.open.removals(), System.nanoTime());
    }

    @Test
    void attributesThatWereAskedForEarlierDoNotReplaceLaterOnes() {
        final Inode.Asked first = asked(1);
        final Inode.Asked second = asked(2);

        assertThat(inode.note(ofSize(20), second).attributes().size()).isEqualTo(20);
        assertThat(inode.note(ofSize(10), first).attributes().size()).isEqualTo(20);

        assertThat(inode.attributes().size()).isEqualTo(20);
    }

    @Test
    void attributesThatWereAskedForBeforeAWriteDoNotCountAsSeenAfterIt() {
        final Inode.Asked before = asked(1);
        inode.pages.beginChange();
        inode.pages.endChange();

        inode.note(ofSize(10), before);

        assertThat(inode.hasChangedSinceSeen()).isTrue();
        inode.note(ofSize(20), asked(2));
        assertThat(inode.hasChangedSinceSeen()).isFalse();
    }

    @Test
    void attributesThatWereAskedForWhileAWriteIsUnderWayAreNotRecent() {
        inode.pages.beginChange();
        final Inode.Asked during = asked(1);
        inode.note(ofSize(10), during);
        assertThat(inode.attributesSince(during.nanos())).isEmpty();
        assertThat(inode.hasChangedSinceSeen()).isTrue();

        inode.pages.endChange();
        assertThat(inode.attributesSince(during.nanos())).isEmpty();

        final Inode.Asked after = asked(2);
        inode.note(ofSize(20), after);
        assertThat(inode.attributesSince(after.nanos())).isPresent();
    }

    @Test
    void attributesThatWereAskedForBeforeAWriteLeaveTheKernelASizeThatItMayNotKnow() {
        inode.note(ofSize(10), asked(1));
        final Inode.Asked before = asked(2);
        inode.opened(new OpenFile(inode, new OpenFile.Opened(1, 0), 2, null, NO_OPENER, 0));
        inode.pages.beginChange();
        inode.pages.endChange();

        inode.note(ofSize(10), before);

        assertThat(inode.pages.beginRead(0, 10)).isPresent();
    }
}
