// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import org.vfio4j.spi.call.VirtualTree;

/**
 * A symbolic link.
 *
 * @param target its text
 */
record TreeLink(String target) implements VirtualTree.Link {
    /**
     * A link with a relative text, as sysfs makes them.
     *
     * @param directory absolute path of the directory the link is in
     * @param target absolute path of what it leads to
     */
    static TreeLink between(String directory, String target) {
        String[] from = directory.substring(1).split("/", -1);
        String[] to = target.substring(1).split("/", -1);
        int shared = 0;
        while (shared < from.length && shared < to.length && from[shared].equals(to[shared])) {
            shared++;
        }
        var text = new StringBuilder("../".repeat(from.length - shared));
        for (int i = shared; i < to.length; i++) {
            text.append(to[i]).append('/');
        }
        if (!text.isEmpty()) {
            text.setLength(text.length() - 1);
        }
        return new TreeLink(text.isEmpty() ? "." : text.toString());
    }
}
