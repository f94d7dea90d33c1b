// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.IommuUnit;
import org.vfio4j.host.embedded.machine.Placement;

/**
 * Which things of a machine share an isolation group. First everything {@linkplain #want asks} under a key that is equal
 * for what cannot be told apart, then the groups are {@linkplain #make made}: numbers the description chose, then the
 * lowest free ones in order of asking.
 */
final class GroupPlan {
    private final Map<Object, Wish> wishes = new LinkedHashMap<>();
    private final Map<Object, EmbeddedGroup> made = new HashMap<>();

    private record Wish(Placement placement, String unit, String member, OptionalInt number) {}

    /**
     * Asks for a group.
     *
     * @param key equal for members that have to be together
     * @param placement names a unit
     * @param member who asks, for errors
     * @throws org.vfio4j.uapi.VfioException EINVAL when members that have to be together want to be apart
     */
    void want(Object key, Placement placement, String member) {
        String unit = placement.iommu().orElseThrow();
        var earlier = wishes.get(key);
        if (earlier == null) {
            wishes.put(key, new Wish(placement, unit, member, placement.group()));
            return;
        }
        if (!earlier.unit.equals(unit)) {
            throw placement
                    .where()
                    .refuse(member + " cannot be isolated from " + earlier.member + ", but they are behind the units \""
                            + unit + "\" and \"" + earlier.unit + "\"");
        }
        if (placement.group().isEmpty()) {
            return;
        }
        if (earlier.number.isPresent() && !earlier.number.equals(placement.group())) {
            throw placement
                    .where()
                    .refuse(member + " cannot be isolated from " + earlier.member + ", but they ask for the groups "
                            + placement.group().getAsInt() + " and " + earlier.number.getAsInt());
        }
        wishes.put(key, new Wish(placement, unit, member, placement.group()));
    }

    /** Makes all groups. */
    void make(Map<String, IommuUnit> units, GroupTable table) {
        Map<Integer, Wish> chosen = new HashMap<>();
        Map<Integer, EmbeddedGroup> byNumber = new HashMap<>();
        wishes.forEach((key, wish) -> {
            if (wish.number.isPresent()) {
                int number = wish.number.getAsInt();
                var other = chosen.putIfAbsent(number, wish);
                if (other != null && !other.unit.equals(wish.unit)) {
                    throw wish.placement
                            .where()
                            .refuse("group " + number + " cannot hold " + other.member + " behind unit \"" + other.unit
                                    + "\" and " + wish.member + " behind unit \"" + wish.unit + "\"");
                }
                made.put(key, byNumber.computeIfAbsent(number, n -> table.create(unit(units, wish), n)));
            }
        });
        wishes.forEach((key, wish) -> made.computeIfAbsent(key, missing -> table.create(unit(units, wish))));
    }

    private static IommuUnit unit(Map<String, IommuUnit> units, Wish wish) {
        var unit = units.get(wish.unit);
        if (unit == null) {
            throw wish.placement.where().refuse("unknown IOMMU unit \"" + wish.unit + "\"");
        }
        return unit;
    }

    /** The group made for a key; null when nobody asked under it. */
    @Nullable
    EmbeddedGroup group(Object key) {
        return made.get(key);
    }
}
