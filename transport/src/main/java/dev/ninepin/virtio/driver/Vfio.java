package dev.ninepin.virtio.driver;

/**
 * The constants of VFIO's ioctl interface. Source: Linux, include/uapi/linux/vfio.h; structures are little-endian on
 * the supported machines.
 */
final class Vfio {
    private static final long BASE = ';' << 8 | 100;

    static final long GET_API_VERSION = BASE;
    static final long CHECK_EXTENSION = BASE + 1;
    static final long SET_IOMMU = BASE + 2;
    static final long GROUP_GET_STATUS = BASE + 3;
    static final long GROUP_SET_CONTAINER = BASE + 4;
    static final long GROUP_GET_DEVICE_FD = BASE + 6;
    static final long DEVICE_GET_REGION_INFO = BASE + 8;
    static final long DEVICE_GET_IRQ_INFO = BASE + 9;
    static final long DEVICE_SET_IRQS = BASE + 10;
    static final long IOMMU_MAP_DMA = BASE + 13;

    static final int API_VERSION = 0;
    static final int TYPE1_IOMMU = 1;
    static final int NOIOMMU_IOMMU = 8;

    /** {@code argsz[4] flags[4]} */
    static final int GROUP_STATUS_SIZE = 8;

    static final int GROUP_STATUS_FLAGS = 4;
    static final int GROUP_VIABLE = 1;

    /** {@code argsz[4] flags[4] index[4] cap_offset[4] size[8] offset[8]} */
    static final int REGION_SIZE = 32;

    static final int REGION_INDEX = 8;
    static final int REGION_LENGTH = 16;
    static final int REGION_OFFSET = 24;

    /** Regions 0 to 5 are the BARs. */
    static final int CONFIG_REGION = 7;

    /** {@code argsz[4] flags[4] index[4] count[4]} */
    static final int IRQ_INFO_SIZE = 16;

    static final int IRQ_INFO_INDEX = 8;
    static final int IRQ_INFO_COUNT = 12;
    static final int MSIX_INDEX = 2;

    /** The index of an event that is no interrupt: the kernel asks for the device's release. */
    static final int REQUEST_INDEX = 4;

    /** {@code argsz[4] flags[4] index[4] start[4] count[4] eventfd[4]} */
    static final int IRQ_SET_SIZE = 24;

    static final int IRQ_SET_FLAGS = 4;
    static final int IRQ_SET_INDEX = 8;
    static final int IRQ_SET_START = 12;
    static final int IRQ_SET_COUNT = 16;
    static final int IRQ_SET_DATA = 20;
    static final int IRQ_DATA_EVENTFD = 1 << 2;
    static final int IRQ_ACTION_TRIGGER = 1 << 5;

    /** {@code argsz[4] flags[4] vaddr[8] iova[8] size[8]} */
    static final int DMA_MAP_SIZE = 32;

    static final int DMA_MAP_FLAGS = 4;
    static final int DMA_MAP_VADDR = 8;
    static final int DMA_MAP_IOVA = 16;
    static final int DMA_MAP_LENGTH = 24;
    static final int DMA_READ_WRITE = 1 | 1 << 1;

    private Vfio() {}
}
