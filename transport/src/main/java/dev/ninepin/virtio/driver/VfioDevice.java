package dev.ninepin.virtio.driver;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.EventFd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * An open VFIO device: its container, which holds the IOMMU mappings, its group, and the device itself. Any thread;
 * calls fail after {@link #close}. Source: Linux, Documentation/driver-api/vfio.rst.
 */
class VfioDevice implements AutoCloseable {
    private static final Path DIRECTORY = Path.of("/dev/vfio");

    private final Descriptor container;
    private final Descriptor group;
    private final Descriptor device;

    VfioDevice(final Descriptor container, final Descriptor group, final Descriptor device) {
        this.container = container;
        this.group = group;
        this.device = device;
    }

    /** A region of the device, a BAR or configuration space: its offset in the device file and its length, in bytes. */
    record Region(long offset, long length) {}

    /**
     * Opens the device at {@code address}. Its group must hold no device that a kernel driver uses.
     *
     * @param groupName the number of the device's IOMMU group
     * @param iommu whether an IOMMU isolates the device
     */
    static VfioDevice open(final String address, final String groupName, final boolean iommu) throws IOException {
        final Path groupPath = DIRECTORY.resolve(iommu ? groupName : "noiommu-" + groupName);
        final Descriptor container = Descriptor.open(DIRECTORY.resolve("vfio"));
        try {
            if (container.ioctl("VFIO_GET_API_VERSION", Vfio.GET_API_VERSION, 0) != Vfio.API_VERSION) {
                throw new IOException("this kernel's VFIO API is not version " + Vfio.API_VERSION);
            }
            if (!Files.exists(groupPath)) {
                throw new IOException(groupPath + " does not exist: vfio-pci is not bound to " + address);
            }
            final Descriptor group = Descriptor.open(groupPath);
            try {
                return new VfioDevice(container, group, device(container, group, address, iommu));
            } catch (final IOException | RuntimeException e) {
                group.close();
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            container.close();
            throw e;
        }
    }

    private static Descriptor device(
            final Descriptor container, final Descriptor group, final String address, final boolean iommu)
            throws IOException {
        final Pointer status = structure(Vfio.GROUP_STATUS_SIZE);
        group.ioctl("VFIO_GROUP_GET_STATUS", Vfio.GROUP_GET_STATUS, status);
        if ((status.getInt(Vfio.GROUP_STATUS_FLAGS) & Vfio.GROUP_VIABLE) == 0) {
            throw new IOException(address + " shares its IOMMU group with devices that kernel drivers use: unbind them"
                    + " first (see /sys/bus/pci/devices/" + address + "/iommu_group/devices)");
        }
        final Pointer containerNumber = Memory.allocateDirect(Runtime.getSystemRuntime(), Integer.BYTES);
        containerNumber.putInt(0, container.number());
        group.ioctl("VFIO_GROUP_SET_CONTAINER", Vfio.GROUP_SET_CONTAINER, containerNumber);
        container.ioctl("VFIO_SET_IOMMU", Vfio.SET_IOMMU, iommu ? Vfio.TYPE1_IOMMU : Vfio.NOIOMMU_IOMMU);
        final byte[] name = (address + "\0").getBytes(StandardCharsets.US_ASCII);
        final Pointer nameBytes = Memory.allocateDirect(Runtime.getSystemRuntime(), name.length);
        nameBytes.put(0, name, 0, name.length);
        return Descriptor.of(
                group.ioctl("VFIO_GROUP_GET_DEVICE_FD", Vfio.GROUP_GET_DEVICE_FD, nameBytes), "VFIO's " + address);
    }

    /** Returns the region {@code index}; its length is 0 if the device does not have the region. */
    Region region(final int index) throws IOException {
        final Pointer region = structure(Vfio.REGION_SIZE);
        region.putInt(Vfio.REGION_INDEX, index);
        device.ioctl("VFIO_DEVICE_GET_REGION_INFO", Vfio.DEVICE_GET_REGION_INFO, region);
        return new Region(region.getLong(Vfio.REGION_OFFSET), region.getLong(Vfio.REGION_LENGTH));
    }

    /**
     * Reads a register or configuration space in one access of {@code width} bytes, at {@code offset} in the device
     * file.
     */
    long read(final long offset, final int width) throws IOException {
        return device.readAt(offset, width);
    }

    /**
     * Writes a register or configuration space in one access of {@code width} bytes, at {@code offset} in the device
     * file.
     */
    void write(final long offset, final int width, final long value) throws IOException {
        device.writeAt(offset, width, value);
    }

    /** Returns the number of MSI-X vectors of the device. */
    int msixVectors() throws IOException {
        return countEvents(Vfio.MSIX_INDEX);
    }

    private int countEvents(final int index) throws IOException {
        final Pointer info = structure(Vfio.IRQ_INFO_SIZE);
        info.putInt(Vfio.IRQ_INFO_INDEX, index);
        device.ioctl("VFIO_DEVICE_GET_IRQ_INFO", Vfio.DEVICE_GET_IRQ_INFO, info);
        return info.getInt(Vfio.IRQ_INFO_COUNT);
    }

    /** Makes the device's MSI-X vector {@code vector} raise {@code event}. */
    void routeVector(final int vector, final EventFd event) throws IOException {
        route(Vfio.MSIX_INDEX, vector, event);
    }

    /**
     * Makes the kernel raise {@code event} when it wants to remove the device. The kernel waits until this device is
     * closed.
     */
    void routeRemoval(final EventFd event) throws IOException {
        if (countEvents(Vfio.REQUEST_INDEX) > 0) {
            route(Vfio.REQUEST_INDEX, 0, event);
        }
    }

    private void route(final int index, final int number, final EventFd event) throws IOException {
        final Pointer set = structure(Vfio.IRQ_SET_SIZE);
        set.putInt(Vfio.IRQ_SET_FLAGS, Vfio.IRQ_DATA_EVENTFD | Vfio.IRQ_ACTION_TRIGGER);
        set.putInt(Vfio.IRQ_SET_INDEX, index);
        set.putInt(Vfio.IRQ_SET_START, number);
        set.putInt(Vfio.IRQ_SET_COUNT, 1);
        set.putInt(Vfio.IRQ_SET_DATA, event.number());
        device.ioctl("VFIO_DEVICE_SET_IRQS", Vfio.DEVICE_SET_IRQS, set);
    }

    /** Maps {@code bytes}, whole pages, for the device's DMA at {@code address}. The kernel pins the pages. */
    void mapForDma(final ByteBuffer bytes, final long address) throws IOException {
        final Pointer map = structure(Vfio.DMA_MAP_SIZE);
        map.putInt(Vfio.DMA_MAP_FLAGS, Vfio.DMA_READ_WRITE);
        map.putLong(
                Vfio.DMA_MAP_VADDR,
                Pointer.wrap(Runtime.getSystemRuntime(), bytes).address());
        map.putLong(Vfio.DMA_MAP_IOVA, address);
        map.putLong(Vfio.DMA_MAP_LENGTH, bytes.capacity());
        container.ioctl("VFIO_IOMMU_MAP_DMA", Vfio.IOMMU_MAP_DMA, map);
    }

    /** Closes the device. The kernel resets it and removes its DMA mappings. */
    @Override
    public void close() {
        device.close();
        group.close();
        container.close();
    }

    /** Allocates a zeroed structure, with its size in its first field. */
    private static Pointer structure(final int size) {
        final Pointer structure = Memory.allocateDirect(Runtime.getSystemRuntime(), size, true);
        structure.putInt(0, size);
        return structure;
    }
}
