package dev.ninepin.share;

/** Linux's device numbers in 64 bits, as glibc's {@code gnu_dev_major} and {@code gnu_dev_minor} take them apart. */
final class DeviceNumber {
    private DeviceNumber() {}

    static int major(final long device) {
        return (int) (((device >>> 8) & 0xfff) | ((device >>> 32) & ~0xfffL));
    }

    static int minor(final long device) {
        return (int) ((device & 0xff) | ((device >>> 12) & ~0xffL));
    }
}
