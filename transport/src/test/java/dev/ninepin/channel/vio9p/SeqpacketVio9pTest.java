package dev.ninepin.channel.vio9p;

import dev.ninepin.channel.Channel;
import dev.ninepin.testing.LongRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

@LongRun
class SeqpacketVio9pTest extends Vio9pContract {
    private final List<SeqpacketDevice> devices = new ArrayList<>();

    @Override
    protected Channel open() throws IOException {
        final SeqpacketDevice device = new SeqpacketDevice(model());
        devices.add(device);
        return new Vio9pChannel(
                device.device("/dev/9p/none"), "/dev/9p/none", new byte[0], Vio9pChannel.MAX_MESSAGE_SIZE);
    }

    @AfterEach
    void endDevices() {
        devices.forEach(SeqpacketDevice::close);
    }
}
