package dev.ninepin.share.name;

/**
 * The major and minor parts of Linux's 64-bit device numbers, as glibc's {@code gnu_dev_major} and {@code
 * gnu_dev_minor} extract them.
 */
final class DeviceNumber {
    private DeviceNumber() {}

    static int major(final long device) {
        return (int) (((device >>> 8) & 0xfff) | ((device >>> 32) & ~0xfffL));
    }

    static int minor(final long device) {
        return (int) ((device & 0xff) | ((device >>> 12) & ~0xffL));
    }
}
