// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.ValueLayout;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.VfioIrqSet;
import org.vfio4j.uapi.struct.VfioRegionInfo;

/** What programs do with PCI functions. */
abstract class PciTestCase extends UapiTestCase {
    static final int BAR0 = VfioPci.VFIO_PCI_BAR0_REGION_INDEX;
    static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;

    /** A device opened through its group, which stays open. */
    record Opened(long container, long group, long device) {}

    /** Opens a device through its group and a container of type1. */
    final Opened openByGroup(String name) {
        long container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(name));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        return new Opened(container, group, deviceFd(group, name));
    }

    final long deviceFd(long group, String name) {
        return require("GET_DEVICE_FD of " + name, program.getDeviceFd(group, name));
    }

    final Place region(long device, int index) {
        var info = program.argument(VfioRegionInfo.SIZEOF);
        VfioRegionInfo.argsz(info, VfioRegionInfo.SIZEOF);
        VfioRegionInfo.index(info, index);
        require("GET_REGION_INFO", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info));
        return new Place(VfioRegionInfo.offset(info), VfioRegionInfo.size(info));
    }

    /** Where a region lies in its device's file. */
    record Place(long offset, long size) {}

    final int read(long device, int region, long at, int size) {
        long position = region(device, region).offset + at;
        var value = program.argument(4);
        assertThat(system.pread(device, value.asSlice(0, size), position))
                .as("pread at 0x%x", at)
                .isEqualTo(size);
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    final void write(long device, int region, long at, int size, int value) {
        long position = region(device, region).offset + at;
        var bytes = program.argument(4);
        bytes.set(ValueLayout.JAVA_INT, 0, value);
        assertThat(system.pwrite(device, bytes.asSlice(0, size), position))
                .as("pwrite at 0x%x", at)
                .isEqualTo(size);
    }

    /** Has a vector of a device signal an eventfd. */
    final long signalledBy(long device, int index) {
        long event = require("eventfd", system.eventfd());
        var set = program.argument(VfioIrqSet.SIZEOF + 4);
        VfioIrqSet.argsz(set, VfioIrqSet.SIZEOF + 4);
        VfioIrqSet.flags(set, VfioIrq.VFIO_IRQ_SET_DATA_EVENTFD | VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER);
        VfioIrqSet.index(set, index);
        VfioIrqSet.start(set, 0);
        VfioIrqSet.count(set, 1);
        set.set(ValueLayout.JAVA_INT, VfioIrqSet.SIZEOF, (int) event);
        require("SET_IRQS", system.ioctl(device, VfioIoctl.VFIO_DEVICE_SET_IRQS, set));
        return event;
    }

    /** Signals an eventfd got since it was looked at; 0 for none. */
    final long signals(long event) {
        if ((system.poll(event) & 1) == 0) {
            return 0;
        }
        var count = program.argument(8);
        assertThat(system.read(event, count)).isEqualTo(8);
        return count.get(ValueLayout.JAVA_LONG, 0);
    }
}
