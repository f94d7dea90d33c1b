// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.vfio4j.conformance.Program.require;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.VfioOptions;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioPciDependentDevice;
import org.vfio4j.uapi.struct.VfioPciHotReset;
import org.vfio4j.uapi.struct.VfioPciHotResetInfo;

/** A machine of slots and buses, and the calls of hot resets. Spec: pci §14. */
abstract class HotResetTestCase extends PciTestCase {
    /** Two functions of one device and group, in a slot that can be reset. */
    static final String TWIN = "0000:01:00.0";

    static final String OTHER_TWIN = "0000:01:00.1";

    /** Two functions of one device, each in a group of its own, on a bus that can be reset. */
    static final String APART = "0000:02:00.0";

    static final String OTHER_APART = "0000:02:00.1";

    /** Functions without a reset of their own, in one group behind a conventional bridge. */
    static final String FIRST = "0000:04:01.0";

    static final String SECOND = "0000:04:02.0";
    static final String THIRD = "0000:04:03.0";

    /** A function whose bus has a bridge to another one. */
    static final String ABOVE_A_BRIDGE = "0000:05:00.0";

    static final String BELOW_A_BRIDGE = "0000:06:00.0";

    /** A function on a bus that must not be reset. */
    static final String FRAGILE = "0000:07:00.0";

    @TempDir
    Path folder;

    @Override
    VfioOptions options() {
        var description = folder.resolve("slots.json");
        try {
            Files.writeString(description, """
                    {"name": "slots",
                     "iommus": [{"name": "iommu0", "kind": "paging"}],
                     "pci": {"iommu": "iommu0", "nativeDrivers": ["pcieport", "pci-stub"], "functions": [
                       {"address": "00:05.0", "model": "edu", "driver": "vfio-pci"},
                       {"address": "00:10.0", "model": "bridge", "secondary": 1, "slotReset": true, "driver": "pcieport"},
                       {"address": "01:00.0", "model": "multi", "driver": "vfio-pci"},
                       {"address": "01:00.1", "model": "multi", "driver": "vfio-pci"},
                       {"address": "00:11.0", "model": "bridge", "secondary": 2, "driver": "pcieport"},
                       {"address": "02:00.0", "model": "multi", "acs": true, "driver": "vfio-pci"},
                       {"address": "02:00.1", "model": "multi", "acs": true, "driver": "vfio-pci"},
                       {"address": "00:12.0", "model": "bridge", "kind": "pci-bridge", "secondary": 4, "driver": "pcieport"},
                       {"address": "04:01.0", "model": "edu", "driver": "vfio-pci"},
                       {"address": "04:02.0", "model": "edu", "driver": "vfio-pci"},
                       {"address": "04:03.0", "model": "edu", "driver": "vfio-pci"},
                       {"address": "00:13.0", "model": "bridge", "secondary": 5, "driver": "pcieport"},
                       {"address": "05:00.0", "model": "multi", "acs": true, "driver": "vfio-pci"},
                       {"address": "05:01.0", "model": "bridge", "secondary": 6, "driver": "pcieport"},
                       {"address": "06:00.0", "model": "multi", "driver": "vfio-pci"},
                       {"address": "00:14.0", "model": "bridge", "secondary": 7, "busReset": false, "driver": "pcieport"},
                       {"address": "07:00.0", "model": "multi", "driver": "vfio-pci"}]}}
                    """);
        } catch (IOException e) {
            throw new AssertionError("the machine could not be described", e);
        }
        return super.options().withMachine(description);
    }

    /** Opens a device through its own file; the id of its object. */
    final long bound(long file, long iommufd) {
        return require("BIND", program.bind(file, iommufd));
    }

    /** Argument of GET_PCI_HOT_RESET_INFO with room for some entries. */
    final MemorySegment info(int argsz) {
        var info = program.argument(4096);
        VfioPciHotResetInfo.argsz(info, argsz);
        VfioPciHotResetInfo.flags(info, -1);
        return info;
    }

    final long hotResetInfo(long device, MemorySegment info) {
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info);
    }

    /** An entry of GET_PCI_HOT_RESET_INFO. */
    record Entry(String name, int id) {}

    /** What a reset of a device affects; the flags are in the argument. */
    final List<Entry> entries(long device, MemorySegment info) {
        require("GET_PCI_HOT_RESET_INFO", hotResetInfo(device, info));
        var entries = new ArrayList<Entry>();
        for (int i = 0; i < VfioPciHotResetInfo.count(info); i++) {
            var entry = VfioPciHotResetInfo.devices(info, i);
            int devfn = VfioPciDependentDevice.devfn(entry);
            entries.add(new Entry(
                    String.format(
                            "%04x:%02x:%02x.%x",
                            VfioPciDependentDevice.segment(entry),
                            VfioPciDependentDevice.bus(entry),
                            devfn >> 3,
                            devfn & 7),
                    VfioPciDependentDevice.groupId(entry)));
        }
        return entries;
    }

    final List<Entry> entries(long device) {
        return entries(device, info(4096));
    }

    final int groupNumber(String device) {
        var path = groupPath(device);
        return Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
    }

    /** PCI_HOT_RESET with whatever the arguments say. */
    final long rawHotReset(long device, int argsz, int flags, int count, long... descriptors) {
        var reset = program.argument(4096);
        VfioPciHotReset.argsz(reset, argsz);
        VfioPciHotReset.flags(reset, flags);
        VfioPciHotReset.count(reset, count);
        for (int i = 0; i < descriptors.length; i++) {
            VfioPciHotReset.groupFds(reset, i, (int) descriptors[i]);
        }
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_PCI_HOT_RESET, reset);
    }

    /** PCI_HOT_RESET with these group files, or none. */
    final long hotReset(long device, long... groups) {
        return rawHotReset(device, VfioPciHotReset.SIZEOF + 4 * groups.length, 0, groups.length, groups);
    }
}
