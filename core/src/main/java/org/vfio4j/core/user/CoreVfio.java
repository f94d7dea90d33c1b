// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.BackendView;
import org.vfio4j.Container;
import org.vfio4j.Device;
import org.vfio4j.DeviceFile;
import org.vfio4j.DeviceView;
import org.vfio4j.DmaBuffer;
import org.vfio4j.DriverView;
import org.vfio4j.Group;
import org.vfio4j.GroupView;
import org.vfio4j.Iommufd;
import org.vfio4j.OpenOptions;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.Vfio;
import org.vfio4j.VmHandles;
import org.vfio4j.core.driver.DriverCore;
import org.vfio4j.core.memory.DmaBuffers;
import org.vfio4j.core.registry.Backends;
import org.vfio4j.core.tree.CoreTree;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.mdev.MdevLifecycle;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The whole of it, as a program sees it: each call goes to the part that knows. */
@Singleton
public final class CoreVfio implements Vfio {
    private static final Logger LOG = LoggerFactory.getLogger(CoreVfio.class);

    private final Host host;
    private final PhysicalMemory memory;
    private final Backends backends;
    private final DriverCore drivers;
    private final MachineViews views;
    private final DeviceNames names;
    private final Openings openings;
    private final DeviceOpener opener;
    private final Processes processes;
    private final CoreTree tree;
    private final Handles handles;
    private final DmaBuffers buffers;
    private final VmHandles fileHandles = new FileHandles();

    @Inject
    CoreVfio(
            Host host,
            PhysicalMemory memory,
            Backends backends,
            DriverCore drivers,
            MachineViews views,
            DeviceNames names,
            Openings openings,
            DeviceOpener opener,
            Processes processes,
            CoreTree tree,
            Handles handles) {
        this.host = host;
        this.memory = memory;
        this.backends = backends;
        this.drivers = drivers;
        this.views = views;
        this.names = names;
        this.openings = openings;
        this.opener = opener;
        this.processes = processes;
        this.tree = tree;
        this.handles = handles;
        this.buffers = new DmaBuffers(openings.caller().memory());
    }

    @Override
    public String machineName() {
        return host.name();
    }

    @Override
    public List<GroupView> groups() {
        return views.groups();
    }

    @Override
    public List<DeviceView> devices() {
        return names.all().stream().map(views::view).toList();
    }

    @Override
    public DeviceView device(String name) {
        return views.view(names.find(name));
    }

    @Override
    public Device open(String device) {
        return opener.open(names.registered(device));
    }

    @Override
    public Device open(String device, OpenOptions options) {
        return opener.open(names.registered(device), options);
    }

    @Override
    public Container newContainer() {
        return handles.track(openings.container());
    }

    @Override
    public Group openGroup(int number) {
        handles.requireOpen();
        return handles.track(openings.group(number));
    }

    @Override
    public Iommufd newIommufd() {
        handles.requireOpen();
        return handles.track(openings.iommufd());
    }

    @Override
    public DeviceFile openDeviceFile(String device) {
        handles.requireOpen();
        return handles.track(openings.deviceFile(names.registered(device).index()));
    }

    @Override
    public void bind(String device, String driver) {
        drivers.bind(names.find(device), driver);
    }

    @Override
    public void unbind(String device) {
        drivers.unbind(names.find(device));
    }

    @Override
    public String createMdev(String parent, String type, String uuid) {
        return mdev().create(parent, type, uuid).name();
    }

    @Override
    public void removeMdev(String uuid) {
        mdev().remove(uuid);
    }

    private MdevLifecycle mdev() {
        return drivers.mdevDriver()
                .orElseThrow(() -> new VfioException(
                        Errno.ENODEV,
                        "no driver on the module path makes mediated devices: add org.vfio4j.drivers.mdev"));
    }

    @Override
    public List<MdevLifecycle.TypeView> mdevTypes() {
        return drivers.mdevDriver().map(MdevLifecycle::types).orElse(List.of());
    }

    @Override
    public List<BackendView> backends() {
        return backends.views();
    }

    @Override
    public List<DriverView> drivers() {
        return drivers.views();
    }

    @Override
    public DmaBuffer allocate(long size) {
        handles.requireOpen();
        return buffers.allocate(size);
    }

    @Override
    public List<DmaFault> faults() {
        return host.faults();
    }

    @Override
    public UapiProcess newProcess(ProcessOptions options) {
        handles.requireOpen();
        return processes.start(options);
    }

    @Override
    public VmHandles vmHandles() {
        return fileHandles;
    }

    @Override
    public VirtualTree tree() {
        return tree;
    }

    @Override
    public PhysicalMemory memory() {
        return memory;
    }

    @Override
    public long pinnedPages() {
        return memory.pinnedPages();
    }

    /** Files first, so that no driver waits for a user; then drivers, memory and the host. */
    @Override
    public void close() {
        if (!handles.closeAll()) {
            return;
        }
        step("raw callers", processes::close);
        step("drivers", drivers::close);
        step("memory", openings.caller()::close);
        step("host", host::close);
    }

    private static void step(String what, Runnable close) {
        try {
            close.run();
        } catch (RuntimeException e) {
            LOG.warn("closing the {} failed", what, e);
        }
    }
}
