package dev.ninepin.guest;

import org.junit.platform.suite.api.ExcludeClassNamePatterns;
import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/** All tests of this package that are not {@link SecondGuests}: one guest after the other, beside the others' guests. */
@Suite
@SelectPackages("dev.ninepin.guest")
@IncludeClassNamePatterns(".*IT")
@ExcludeClassNamePatterns(SecondGuests.CLASSES)
class FirstGuests {}
