package dev.ninepin.virtio.pci;

/** The offsets and bits of a function's configuration space that this driver uses. Source: PCI Local Bus 3.0, 6. */
public final class PciConfig {
    public static final int SIZE = 256;
    static final int HEADER_SIZE = 0x40;

    public static final int VENDOR_ID = 0x00;
    public static final int DEVICE_ID = 0x02;
    public static final int COMMAND = 0x04;
    public static final int COMMAND_MEMORY = 1 << 1;
    public static final int COMMAND_BUS_MASTER = 1 << 2;
    public static final int COMMAND_NO_INTX = 1 << 10;
    public static final int STATUS = 0x06;
    public static final int STATUS_HAS_CAPABILITIES = 1 << 4;
    static final int BAR_0 = 0x10;
    public static final int BARS = 6;
    public static final int BAR_IS_IO = 1;
    public static final int BAR_TYPE_MASK = 0b110;
    public static final int BAR_TYPE_64_BIT = 0b100;
    public static final int BAR_FLAGS_MASK = 0xf;
    public static final int SUBSYSTEM_ID = 0x2e;
    public static final int CAPABILITIES = 0x34;

    static final int CAPABILITY_ID = 0;
    static final int CAPABILITY_NEXT = 1;
    static final int CAPABILITY_VENDOR_SPECIFIC = 0x09;

    private PciConfig() {}

    public static int bar(final int number) {
        return BAR_0 + number * Integer.BYTES;
    }
}
