package dev.ninepin.virtio.pci;

/** The register offsets, in bytes, of a virtio device's common configuration structure. Source: virtio 1.2, 4.1.4.3. */
public final class CommonRegisters {
    public static final int DEVICE_FEATURE_SELECT = 0;
    public static final int DEVICE_FEATURE = DEVICE_FEATURE_SELECT + Integer.BYTES;
    public static final int DRIVER_FEATURE_SELECT = DEVICE_FEATURE + Integer.BYTES;
    public static final int DRIVER_FEATURE = DRIVER_FEATURE_SELECT + Integer.BYTES;
    static final int CONFIG_MSIX_VECTOR = DRIVER_FEATURE + Integer.BYTES;
    static final int NUM_QUEUES = CONFIG_MSIX_VECTOR + Short.BYTES;
    public static final int DEVICE_STATUS = NUM_QUEUES + Short.BYTES;
    public static final int CONFIG_GENERATION = DEVICE_STATUS + Byte.BYTES;
    public static final int QUEUE_SELECT = CONFIG_GENERATION + Byte.BYTES;
    public static final int QUEUE_SIZE = QUEUE_SELECT + Short.BYTES;
    public static final int QUEUE_MSIX_VECTOR = QUEUE_SIZE + Short.BYTES;
    public static final int QUEUE_ENABLE = QUEUE_MSIX_VECTOR + Short.BYTES;
    public static final int QUEUE_NOTIFY_OFF = QUEUE_ENABLE + Short.BYTES;
    public static final int QUEUE_DESC = QUEUE_NOTIFY_OFF + Short.BYTES;
    public static final int QUEUE_DRIVER = QUEUE_DESC + Long.BYTES;
    public static final int QUEUE_DEVICE = QUEUE_DRIVER + Long.BYTES;

    /** The size, in bytes, of the registers above; later versions of virtio append more. */
    static final int SIZE = QUEUE_DEVICE + Long.BYTES;

    private CommonRegisters() {}
}
