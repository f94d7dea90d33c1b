// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.Device;
import org.vfio4j.OpenOptions;
import org.vfio4j.OpenPath;
import org.vfio4j.core.registry.Backends;
import org.vfio4j.core.vfio.ContainerBackends;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Opens a device together with all it needs: group, container or iommufd, and a DMA space of its own. Whatever was opened is
 * closed again when a step fails, and with the device.
 */
@Singleton
final class DeviceOpener {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceOpener.class);

    private final Openings openings;
    private final Backends backends;
    private final ContainerBackends containerBackends;
    private final Handles handles;

    @Inject
    DeviceOpener(Openings openings, Backends backends, ContainerBackends containerBackends, Handles handles) {
        this.openings = openings;
        this.backends = backends;
        this.containerBackends = containerBackends;
        this.handles = handles;
    }

    /** The best way: an iommufd where one is offered and can translate for the device, else the best container type. */
    Device open(CoreDevice device) {
        if (backends.iommufd().isPresent()
                && DeviceRegistry.hasNode(device)
                && !MachineViews.translation(device.group().iommuGroup()).equals("tce")) {
            try {
                return open(device, OpenOptions.cdev());
            } catch (VfioException e) {
                LOG.debug("{} cannot be opened through an iommufd: {}", device, e.getMessage());
                if (containerTypes().isEmpty()) {
                    throw e;
                }
            }
        }
        return open(device, new OpenOptions(OpenPath.GROUP, OptionalInt.empty()));
    }

    Device open(CoreDevice device, OpenOptions options) {
        handles.requireOpen();
        var opened = new Opened();
        try {
            return switch (options.path()) {
                case GROUP -> throughContainer(device, options, opened);
                case GROUP_IOMMUFD -> throughGroupAndIommufd(device, options, opened);
                case CDEV -> throughNode(device, options, opened);
            };
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private Device throughContainer(CoreDevice device, OpenOptions options, Opened opened) {
        var container = openings.container();
        opened.add(container::close);
        var group = openings.group(device.group().number());
        opened.add(group::close);
        group.setContainer(container);
        setIommu(
                container,
                options.containerType().isPresent()
                        ? List.of(options.containerType().getAsInt())
                        : containerTypes());
        // A version 1 TCE container maps nothing before it is enabled; version 2 has no such step.
        container.tce().filter(tce -> !tce.version2()).ifPresent(tce -> tce.enable(openings.caller()));
        return track(group.openDeviceFile(name(device, options)), OpenPath.GROUP, container::dma, opened);
    }

    /** Container types of all backends, best first. */
    private List<Integer> containerTypes() {
        return containerBackends.entries().stream()
                .flatMap(entry -> entry.driver().types().stream())
                .map(ContainerDriver.Type::number)
                .toList();
    }

    private static void setIommu(ContainerHandle container, List<Integer> types) {
        VfioException refusal =
                new VfioException(Errno.ENODEV, "no IOMMU backend on the module path can stand behind a container");
        for (int type : types) {
            try {
                container.setIommu(type);
                return;
            } catch (VfioException e) {
                refusal = e;
            }
        }
        throw refusal;
    }

    private Device throughGroupAndIommufd(CoreDevice device, OpenOptions options, Opened opened) {
        var iommufd = openings.iommufd();
        opened.add(iommufd::close);
        var group = openings.group(device.group().number());
        opened.add(group::close);
        group.setContainer(iommufd);
        options.containerType().ifPresent(iommufd::setIommu);
        return track(group.openDeviceFile(name(device, options)), OpenPath.GROUP_IOMMUFD, iommufd::compatIoas, opened);
    }

    /** The name a group knows a device by, with what else its driver has to be told. */
    private static String name(CoreDevice device, OpenOptions options) {
        return device.busDevice().name()
                + options.vfToken().map(token -> " vf_token=" + token).orElse("");
    }

    private Device throughNode(CoreDevice device, OpenOptions options, Opened opened) {
        var iommufd = openings.iommufd();
        opened.add(iommufd::close);
        var file = openings.deviceFile(device.index());
        opened.add(file::close);
        file.bind(iommufd, options.vfToken());
        var ioas = iommufd.newIoas();
        file.attach(ioas);
        return track(file.file(), OpenPath.CDEV, () -> ioas, opened);
    }

    private Device track(OpenDeviceFile file, OpenPath path, DmaOfDevice dma, Opened opened) {
        opened.add(file::close);
        return handles.track(new DeviceHandle(file, path, dma, handles, opened::close));
    }

    /** What was opened for one device, closed newest first. */
    private static final class Opened {
        private final AtomicReference<List<Runnable>> left = new AtomicReference<>(List.of());

        void add(Runnable close) {
            left.updateAndGet(
                    before -> Stream.concat(Stream.of(close), before.stream()).toList());
        }

        void close() {
            for (var close : left.getAndSet(List.of())) {
                try {
                    close.run();
                } catch (RuntimeException e) {
                    LOG.warn("closing what was opened with a device failed", e);
                }
            }
        }
    }
}
