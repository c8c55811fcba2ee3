package dev.ninepin.guest;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** illumos's vio9p device, which Linux's CUSE plays in the guest. */
@InGuest(GuestKind.CLOUD)
class Vio9pIT {
    @TestFactory
    Stream<DynamicTest> itsContract(final Guest guest) throws Exception {
        guest.check("modprobe cuse");
        return TestsInGuest.run(
                guest,
                "-Dninepin.test.cuse=true",
                "dev.ninepin.channel.CuseVio9pTest",
                "dev.ninepin.channel.CuseChannelTest");
    }
}
