// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.fault;

import java.util.Map;
import java.util.TreeMap;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.codec.ContainerUapi;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeGroup;
import org.vfio4j.core.vfio.BackendInstance;
import org.vfio4j.core.vfio.CoreCounts;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.uapi.VfioException;

/** Everything that is counted anywhere in a world, by name. */
final class Snapshot {
    private static final int DESCRIPTORS = 32;

    private Snapshot() {}

    static Map<String, Object> of(CoreWorld world, UapiProcess process) {
        Map<String, Object> counts = new TreeMap<>();
        for (var group : world.machine.groups()) {
            counts.put("owners of group " + group.id(), ((FakeGroup) group).ownerCount());
        }
        counts.put("private groups", world.machine.privateGroups());
        for (var device : world.machine.buses().getFirst().devices()) {
            var driver = world.vfio().device(device.name()).driver();
            counts.put(device.name() + " driver", driver);
            if (driver.isPresent()) {
                var ops = world.ops(world.machine.find(device.name()));
                counts.put(device.name() + " opens", ops.opens.get() - ops.closes.get());
                CoreCounts.add((CoreDevice) ops.vfioDevice(), counts);
            }
        }
        counts.put("backend instances", world.backend.live.get() + world.olderBackend.live.get());
        counts.put("backend listeners", world.backend.listeners.size());
        counts.put("backend pins", world.backend.pins.get());
        for (int i = 0; i < world.iommufd.contexts.size(); i++) {
            var context = world.iommufd.contexts.get(i);
            counts.put("context " + i + " references", context.references());
            counts.put("context " + i + " bound", context.bound());
            counts.put("context " + i + " attached", context.attached());
            counts.put("context " + i + " pins", context.pins());
        }
        addDescriptors(process, counts);
        return counts;
    }

    private static void addDescriptors(UapiProcess process, Map<String, Object> counts) {
        for (int fd = 0; fd < DESCRIPTORS; fd++) {
            try (var reference = process.files().get(fd)) {
                counts.put("descriptor " + fd, reference.file().getClass().getSimpleName());
                if (reference.file() instanceof ContainerUapi container) {
                    counts.put(
                            "container " + fd,
                            container.container().groupNumbers() + " "
                                    + container.container().instance().map(BackendInstance::name));
                }
            } catch (VfioException e) {
                counts.put("descriptor " + fd, e.errno());
            }
        }
        int free = process.files().reserve();
        process.files().cancel(free);
        counts.put("lowest free descriptor", free);
    }
}
