package dev.ninepin.fuse.mount;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountChecksTest {
    private static final FuseOptions FOR_OTHERS = new FuseOptions("tag", false, true, false);

    @TempDir
    private Path temporary;

    private Path directory;
    private Path device;
    private Path configuration;

    @BeforeEach
    void makeThem() throws IOException {
        directory = Files.createDirectory(temporary.resolve("mnt"));
        device = Files.createFile(temporary.resolve("fuse"));
        configuration = Files.writeString(temporary.resolve("fuse.conf"), "#user_allow_other\n");
    }

    @Test
    void aMissingDeviceIsNamed() throws IOException {
        Files.delete(device);
        assertThatThrownBy(() -> new MountChecks(device, configuration, true).checkBeforeMount(directory, FOR_OTHERS))
                .hasMessageStartingWith(device + " does not exist: load the kernel module fuse (modprobe fuse)");
    }

    @Test
    void onlyRootMayUseAllowOtherUnlessTheAdministratorLetsAll() throws IOException {
        assertThatCode(() -> new MountChecks(device, configuration, true).checkBeforeMount(directory, FOR_OTHERS))
                .doesNotThrowAnyException();
        final MountChecks checks = new MountChecks(device, configuration, false);
        assertThatThrownBy(() -> checks.checkBeforeMount(directory, FOR_OTHERS))
                .hasMessage("only root may use allow_other; to let other users, add the line user_allow_other to "
                        + configuration);
        Files.writeString(configuration, "mount_max = 10\n user_allow_other\n");
        assertThatCode(() -> checks.checkBeforeMount(directory, FOR_OTHERS)).doesNotThrowAnyException();
    }

    @Test
    void whatLibfuseFailedAtIsSaidAsFarAsItIsKnown() throws IOException {
        final IOException failure =
                new MountChecks(device, configuration, true).explainFailure(directory, Errno.EINVAL.intValue());
        org.assertj.core.api.Assertions.assertThat(failure)
                .hasMessageStartingWith("libfuse could not mount on " + directory + ": Invalid argument");
    }
}
