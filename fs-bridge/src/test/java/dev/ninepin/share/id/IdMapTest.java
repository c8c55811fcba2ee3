package dev.ninepin.share.id;

import static dev.ninepin.share.ShareFixture.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.share.id.IdMap.Range;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class IdMapTest {
    private static final int NOBODY = -1;
    private static final int USER = 0x2;
    private static final int GROUP = 0x8;

    private final IdMap map = new IdMap(
            List.of(new Range(1000, 2000, 10), new Range(0, 0, 1)), List.of(new Range(100, 0xffff_0000L, 0xfffe)));

    @Test
    void whatIsInARangeIsFoundOnBothSides() throws Exception {
        assertThat(map.toLocalUser(1009)).isEqualTo(2009);
        assertThat(map.toServerOwner(2009)).isEqualTo(1009);
        assertThat(map.toServerUser(0)).hasValue(0);
        assertThat(map.toLocalGroup(101)).isEqualTo(0xffff_0001);
        assertThat(map.toServerGroup(0xffff_0001)).isEqualTo(101);
    }

    @Test
    void whoIsInNoRangeIsNobodyAndOwnsNothing() {
        assertThat(map.toLocalUser(1010)).isEqualTo(NOBODY);
        assertThat(map.toLocalGroup(99)).isEqualTo(NOBODY);
        assertThat(map.toServerUser(1000)).isEmpty();
        assertErrno(Errno.EOVERFLOW, () -> map.toServerOwner(2010));
        assertErrno(Errno.EOVERFLOW, () -> map.toServerGroup(100));
    }

    @Test
    void aKindWithoutRangesIsTheSameOnBothSides() throws Exception {
        final IdMap users = new IdMap(List.of(new Range(1, 2, 1)), List.of());
        assertThat(users.toLocalGroup(-2)).isEqualTo(-2);
        assertThat(users.toServerGroup(5)).isEqualTo(5);
        assertThat(IdMap.SAME.toServerUser(7)).isEqualTo(OptionalInt.of(7));
    }

    @Test
    void anAclNamesThoseOfTheOtherSide() throws Exception {
        final byte[] there = acl(USER, 1001, GROUP, 150);
        final byte[] here = acl(USER, 2001, GROUP, 0xffff_0032);
        assertThat(map.toLocalAcl(there)).isEqualTo(here);
        assertThat(map.toServerAcl(ByteBuffer.wrap(here))).isEqualTo(ByteBuffer.wrap(there));
        assertThat(map.toLocalAcl(acl(USER, 5, GROUP, 5))).isEqualTo(acl(USER, -2, GROUP, -2));
        for (final int nobody : new int[] {5, -2, -1}) {
            assertErrno(Errno.EINVAL, () -> map.toServerAcl(ByteBuffer.wrap(acl(USER, nobody, GROUP, 0xffff_0032))));
        }
        assertErrno(Errno.EINVAL, () -> map.toServerAcl(ByteBuffer.wrap(new byte[] {1, 2, 3})));
        // The entries of owner, group and others contain no ID.
        assertThat(map.toLocalAcl(acl(0x1, -1, 0x4, -1))).isEqualTo(acl(0x1, -1, 0x4, -1));
    }

    @Test
    void rangesMayTouchButNotOverlap() {
        assertThat(new IdMap(List.of(new Range(0, 10, 10), new Range(10, 0, 10)), List.of()).toLocalUser(10))
                .isZero();
        for (final Range other : List.of(new Range(9, 100, 1), new Range(100, 19, 1), new Range(0, 10, 10))) {
            assertThatThrownBy(() -> new IdMap(List.of(), List.of(new Range(0, 10, 10), other)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the ranges 0:10:10 and " + other + " of groups overlap");
        }
    }

    @Property
    void thereAndBackIsTheSame(
            @ForAll final int id,
            @ForAll @LongRange(min = 0, max = 0xffff_fffeL) final long server,
            @ForAll @LongRange(min = 0, max = 0xffff_fffeL) final long here,
            @ForAll @IntRange(min = 1, max = 100_000) final int count)
            throws ErrnoException {
        final long most = 0xffff_ffffL - Math.max(server, here);
        final IdMap one = new IdMap(List.of(new Range(server, here, Math.min(count, most))), List.of());
        for (final int each : new int[] {id, (int) server, (int) here, (int) (here + count), (int) (here - 1)}) {
            final OptionalInt there = one.toServerUser(each);
            if (there.isPresent()) {
                assertThat(one.toLocalUser(there.getAsInt())).isEqualTo(each);
                assertThat(one.toServerOwner(each)).isEqualTo(there.getAsInt());
            }
            final int shown = one.toLocalUser(each);
            assertThat(shown == NOBODY || one.toServerUser(shown).equals(OptionalInt.of(each)))
                    .as("%s is %s", each, shown)
                    .isTrue();
        }
        assertThat(one.toServerUser((int) here)).hasValue((int) server);
    }

    private static byte[] acl(final int tag, final int id, final int otherTag, final int otherId) {
        return new PosixAcl(List.of(new PosixAcl.Entry(tag, 6, id), new PosixAcl.Entry(otherTag, 4, otherId)))
                .toBytes();
    }
}
