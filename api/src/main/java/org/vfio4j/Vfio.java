// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.List;
import java.util.ServiceLoader;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.mdev.MdevLifecycle;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * VFIO on one host: its groups and devices, and the ways to open them. Thread-safe. Closing it closes everything opened
 * through it, then the host.
 */
public interface Vfio extends AutoCloseable {
    /** Starts the preferred host with its default machine. */
    static Vfio open() {
        return open(VfioOptions.defaults());
    }

    /**
     * Starts a host.
     *
     * @throws VfioException ENOENT when no host or not the named one is on the module path, EINVAL or ENOENT with a
     *     sentence for a bad machine description
     */
    static Vfio open(VfioOptions options) {
        return ServiceLoader.load(VfioFactory.class)
                .findFirst()
                .orElseThrow(
                        () -> new VfioException(Errno.ENOENT, "no vfio4j core on the module path: add org.vfio4j.core"))
                .open(options);
    }

    /** The running machine's name. */
    String machineName();

    /** All isolation groups that exist now, by ascending number. */
    List<GroupView> groups();

    /** All devices of all buses, in bus and topology order, whether or not a VFIO driver has them. */
    List<DeviceView> devices();

    /**
     * One device.
     *
     * @param name its bus name ({@code 0000:00:05.0}, {@code 00:05.0}, a UUID, {@code dpio.1}) or VFIO name ({@code vfio3})
     * @throws VfioException ENODEV, naming similar devices, when there is none
     */
    DeviceView device(String name);

    /**
     * Opens a device the best way its hardware and the loaded backends allow.
     *
     * @throws VfioException with the errno of the step that failed
     */
    Device open(String device);

    /** Opens a device the way the options say, with a DMA space of its own. */
    Device open(String device, OpenOptions options);

    /** Opens {@code /dev/vfio/vfio}. */
    Container newContainer();

    /**
     * Opens {@code /dev/vfio/N}.
     *
     * @throws VfioException ENOENT no such group, EBUSY open already or a device of it is bound through its cdev
     */
    Group openGroup(int number);

    /**
     * Opens {@code /dev/iommu}.
     *
     * @throws VfioException ENOENT when no backend offers it
     */
    Iommufd newIommufd();

    /**
     * Opens {@code /dev/vfio/devices/vfioX}; the file starts parked.
     *
     * @param device any name {@link #device} takes
     */
    DeviceFile openDeviceFile(String device);

    /**
     * Binds a driver: a VFIO bus driver of the module path, or a native driver of the host.
     *
     * @throws VfioException ENODEV unknown device or driver, EBUSY a driver has it or VFIO owns the group, or probe's errno
     */
    void bind(String device, String driver);

    /** Unbinds whatever driver has the device; waits until its users are gone. */
    void unbind(String device);

    /**
     * Creates a mediated device.
     *
     * @return its name
     */
    String createMdev(String parent, String type, String uuid);

    /** Removes a mediated device; waits until its users are gone. */
    void removeMdev(String uuid);

    /** Types of mediated devices; empty without an mdev driver. */
    List<MdevLifecycle.TypeView> mdevTypes();

    /** Backends of the module path, highest priority first. */
    List<BackendView> backends();

    /** Bus drivers of the module path. */
    List<DriverView> drivers();

    /**
     * Allocates zeroed, page-aligned memory that devices can be given.
     *
     * @param size bytes, greater than zero
     */
    DmaBuffer allocate(long size);

    /** DMA accesses refused by the IOMMU, oldest first; only the latest are kept. */
    List<DmaFault> faults();

    /** The nodes and attributes that programs see: {@code /dev/vfio}, {@code /dev/iommu} and VFIO's parts of {@code /sys}. */
    VirtualTree tree();

    /** All memory that devices can be made to reach; who calls from outside this process inserts its own here. */
    PhysicalMemory memory();

    /** Makes a caller of raw calls: descriptors, memory and credentials of its own. */
    UapiProcess newProcess(ProcessOptions options);

    /** Files as handles for a virtual machine monitor. */
    VmHandles vmHandles();

    /** Pages pinned for devices at this moment. */
    long pinnedPages();

    @Override
    void close();
}
