// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.vfio.VfioGroups;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.host.Host;

/** {@code /sys/devices}: the real directories, nested as the devices' paths say. */
@Singleton
final class DevicesFolders {
    private final Host host;
    private final DeviceFolders devices;
    private final ClassFolders classes;
    private final MdevFolders mdev;
    private final VfioGroups groups;

    /** The last one made; of use as long as everything is what it was made of. */
    private volatile @Nullable Indexed last;

    /** An index and the lists of what it was made of. */
    private record Indexed(List<List<?>> sources, DevicesIndex index) {}

    @Inject
    DevicesFolders(Host host, DeviceFolders devices, ClassFolders classes, MdevFolders mdev, VfioGroups groups) {
        this.host = host;
        this.devices = devices;
        this.classes = classes;
        this.mdev = mdev;
        this.groups = groups;
    }

    /** The index of what is there now: made again only when a device, a parent or a group has come or gone. */
    private DevicesIndex index() {
        var buses = host.buses().stream().map(bus -> List.copyOf(bus.devices())).toList();
        var parents = mdev.parents().toList();
        var classGroups = groups.groups();
        List<List<?>> sources = new ArrayList<>(buses);
        sources.add(parents);
        sources.add(classGroups);
        var known = last;
        if (known == null || !known.sources().equals(sources)) {
            var onBuses = buses.stream()
                    .flatMap(List::stream)
                    .map(device -> new Place(device.sysfsPath(), entries -> devices.fill(device, entries)));
            var places = Stream.of(onBuses, mdev.places(parents), classes.places(classGroups))
                    .flatMap(all -> all);
            known = new Indexed(sources, new DevicesIndex(places));
            last = known;
        }
        return known.index();
    }

    /** The directory at a path below {@code /sys}. */
    Folder at(String path) {
        return new Listing(
                () -> Stream.concat(index().content(path).names().stream(), index().below(path)),
                name -> child(path, name));
    }

    private Optional<VirtualTree.Node> child(String path, String name) {
        var index = index();
        String below = path + "/" + name;
        // Looked at first: putting all entries of a directory together takes longer.
        return index.has(below) ? Optional.of(at(below)) : index.content(path).child(name);
    }

    /** The topmost directories that hold nothing but ours, without a slash in front. */
    Stream<String> roots() {
        return index().roots();
    }
}
