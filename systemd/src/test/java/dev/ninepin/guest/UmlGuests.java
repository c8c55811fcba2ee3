package dev.ninepin.guest;

import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/** The suite of tests in user-mode Linux, which need a kernel but no PCI device. */
@Suite
@SelectPackages("dev.ninepin.guest")
@IncludeClassNamePatterns(UmlGuests.CLASSES)
class UmlGuests {
    static final String CLASSES = ".*\\.(Installation|Mount|Boot|Service|Removal|Vio9p|Vsock|Comparison)IT";
}
