package dev.ninepin.virtio.driver;

import dev.ninepin.channel.Channel;
import dev.ninepin.virtio.qemu.QemuChannel;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A program that opens a channel to a QEMU of its own, reports that it has done so, and waits to be killed. */
public final class OpenAndWait {
    public static final String READY = "ready";

    private OpenAndWait() {}

    public static void main(final String[] arguments) throws Exception {
        try (Channel channel = QemuChannel.open(Path.of(arguments[0]), Map.of(), 65_536);
                PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true)) {
            channel.flush();
            out.println(READY);
            new CountDownLatch(1).await();
        }
    }
}
